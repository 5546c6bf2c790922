#include "layers/clamp.hpp"

#include "tests/layers/unary_cases.hpp"

using namespace pliant;

TEST_CASE("clamp: both bounds, one, none, the wrong way round, beyond float32") {
  const double infinity = tests::kInfinity;
  const layers::Clamp layers[] = {{-1, 2}, {0, 6},  {0.5, infinity}, {-infinity, -0.25},
                                  {},      {2, -1}, {-1e300, 1e300}, {infinity, infinity}};
  for (const layers::Clamp& layer : layers)
    tests::check_unary(layer, [&](double v) {
      v = v < layer.min ? layer.min : v;
      v = v > layer.max ? layer.max : v;
      return v > 1e299 ? infinity : v < -1e299 ? -infinity : v;
    });
}

#include "layers/hardsigmoid.hpp"

#include "tests/layers/unary_cases.hpp"

using namespace pliant;

TEST_CASE("hardsigmoid: any slope and offset; NaN and infinities") {
  const layers::Hardsigmoid layers[] = {{}, {0.2, 0.5}, {1.0 / 6, 0.5}, {-0.3, 0.25}, {0, 0.5}};
  for (const layers::Hardsigmoid& layer : layers)
    tests::check_unary(layer, [&](double v) {
      const double y = v * layer.slope + layer.offset;
      return y < 0 ? 0 : y > 1 ? 1 : y;
    });
}

#include "layers/leaky_relu.hpp"

#include "tests/layers/unary_cases.hpp"

using namespace pliant;

TEST_CASE("leaky_relu: any slope") {
  for (const double slope : {0.01, 0.1, 0.0, -0.5, 1.5})
    tests::check_unary(layers::LeakyReLU{slope}, [&](double v) { return v > 0 ? v : v * slope; });
}

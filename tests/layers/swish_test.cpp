#include "layers/swish.hpp"

#include <cmath>

#include "tests/layers/unary_cases.hpp"

using namespace pliant;

TEST_CASE("swish: any shape; NaN and infinities") {
  tests::check_unary(layers::Swish{}, [](double v) { return v / (1 + std::exp(-v)); });
}

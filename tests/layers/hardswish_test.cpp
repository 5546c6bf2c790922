#include "layers/hardswish.hpp"

#include "tests/layers/unary_cases.hpp"

using namespace pliant;

TEST_CASE("hardswish: any shape; NaN and infinities") {
  tests::check_unary(layers::Hardswish{}, [](double v) {
    const double gate = v + 3 < 0 ? 0 : v + 3 > 6 ? 6 : v + 3;
    return v * gate / 6;
  });
}

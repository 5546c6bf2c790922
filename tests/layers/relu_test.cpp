#include "layers/relu.hpp"

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

TEST_CASE("relu: any shape; NaN and infinities") {
  tests::Random random(71);
  for (const Shape& shape : {Shape{1}, Shape{3, 7}, Shape{2, 17, 9, 11}, Shape{1, 64, 40, 40}}) {
    Case c;
    c.layer = layers::ReLU{};
    c.inputs.push_back(random.tensor(shape));
    auto values = c.inputs[0].values();
    if (values.size() > 4)
      values[0] = tests::kNaN, values[1] = -tests::kInfinity, values[2] = tests::kInfinity;
    std::vector<double> expected;
    for (const float v : values) expected.push_back(v < 0 ? 0 : v);
    tests::check_everywhere(c, expected);
  }
}

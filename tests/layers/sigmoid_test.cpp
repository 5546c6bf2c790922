#include "layers/sigmoid.hpp"

#include <cmath>

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

TEST_CASE("sigmoid: any shape") {
  tests::Random random(81);
  for (const Shape& shape : {Shape{1}, Shape{3, 7}, Shape{2, 17, 9, 11}}) {
    Case c;
    c.layer = layers::Sigmoid{};
    c.inputs.push_back(random.tensor(shape, -6, 6));
    std::vector<double> expected;
    for (const float v : c.inputs[0].values()) expected.push_back(1 / (1 + std::exp(-double{v})));
    tests::check_everywhere(c, expected);
  }
}

TEST_CASE("sigmoid: accurate to a few units in the last place over the whole range") {
  constexpr int kCount = 200001;
  Case c;
  c.layer = layers::Sigmoid{};
  Tensor x({kCount});
  for (int i = 0; i < kCount; ++i)
    x.values()[static_cast<std::size_t>(i)] = -100 + 200 * static_cast<float>(i) / (kCount - 1);
  c.inputs.push_back(std::move(x));
  for (const tests::IsaResult& result : tests::run_everywhere(c)) {
    double absolute = 0;
    double relative = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const double v = c.inputs[0].values()[i];
      const double expected = 1 / (1 + std::exp(-v));
      const double error = std::abs(result.output.values()[i] - expected);
      absolute = std::max(absolute, error);
      if (v > -86) relative = std::max(relative, error / expected);
    }
    CHECK(absolute < 2e-7);
    CHECK(relative < 1e-6);
  }
}

TEST_CASE("sigmoid: infinities and NaN") {
  Case c;
  c.layer = layers::Sigmoid{};
  Tensor x({5});
  const float values[] = {tests::kInfinity, -tests::kInfinity, tests::kNaN, 0, -0.0f};
  std::copy(std::begin(values), std::end(values), x.data());
  c.inputs.push_back(std::move(x));
  for (const tests::IsaResult& result : tests::run_everywhere(c)) {
    CHECK(result.output.values()[0] == 1);
    CHECK(result.output.values()[1] == 0);
    CHECK(std::isnan(result.output.values()[2]));
    CHECK(result.output.values()[3] == 0.5f);
    CHECK(result.output.values()[4] == 0.5f);
  }
}

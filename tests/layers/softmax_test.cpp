#include "layers/softmax.hpp"

#include <cmath>

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

namespace {

std::vector<double> expected_of(const Tensor& x, int axis) {
  std::vector<double> expected = tests::results_of(x.shape());
  tests::for_each_index(x.shape(), [&](const Shape& index, std::size_t flat) {
    Shape other = index;
    double sum = 0;
    // Relative to this element instead of the maximum: the same quotient.
    for (std::int64_t i = 0; i < x.shape()[axis]; ++i) {
      other[axis] = i;
      sum += std::exp(tests::element(x, other) - tests::element(x, index));
    }
    expected[flat] = 1 / sum;
  });
  return expected;
}

}  // namespace

TEST_CASE("softmax: every axis of every rank") {
  tests::Random random(141);
  const Shape shapes[] = {{1},
                          {9},
                          {5, 33},
                          {7, 1},
                          {3, 5, 6},
                          {2, 17, 9, 7},
                          {1, 4, 20, 33},
                          {2, 1, 5, 70},
                          {2, 3, 2, 5, 3},
                          {1, 2, 3, 2, 2, 4}};
  for (const Shape& shape : shapes)
    for (int axis = 0; axis < shape.rank(); ++axis) {
      Case c;
      c.layer = layers::Softmax{axis};
      c.inputs.push_back(random.tensor(shape, -9, 9));
      tests::check_closely(c, expected_of(c.inputs[0], axis), 1e-6, 1e-6);
    }
}

TEST_CASE("softmax: large numbers do not overflow, small ones vanish") {
  for (const Shape& shape : {Shape{1, 19}, Shape{19, 3}}) {
    tests::Random random(142);
    Case c;
    c.layer = layers::Softmax{shape[0] == 1 ? 1 : 0};
    c.inputs.push_back(random.tensor(shape, -1000, 1000));
    tests::check_closely(c, expected_of(c.inputs[0], shape[0] == 1 ? 1 : 0), 1e-6, 1e-6);
  }
}

TEST_CASE("softmax: a million elements in one row or column") {
  tests::Random random(143);
  constexpr std::int64_t kCount = 1 << 20;
  const Tensor x = random.tensor({kCount}, 0, 1);
  double sum = 0;
  for (const float v : x.values()) sum += std::exp(double{v});
  for (const bool row : {true, false}) {
    Case c;
    c.layer = layers::Softmax{row ? 1 : 0};
    c.inputs.emplace_back(row ? Shape{1, kCount} : Shape{kCount, 2});
    std::vector<double> expected;
    for (std::int64_t i = 0; i < c.inputs[0].elements(); ++i) {
      const float v = x.data()[row ? i : i / 2];
      c.inputs[0].data()[i] = v;
      expected.push_back(std::exp(double{v}) / sum);
    }
    tests::check_closely(c, expected, 0, 1e-5);
  }
}

TEST_CASE("softmax: NaN and +infinity make their row NaN, -infinity gives 0") {
  for (const bool row : {true, false})
    for (const std::int64_t size : {2, 5, 16, 21})
      for (std::int64_t place = 0; place < size; ++place)
        for (const float special : {tests::kNaN, tests::kInfinity, -tests::kInfinity}) {
          Case c;
          c.layer = layers::Softmax{row ? 1 : 0};
          const Shape shape = row ? Shape{2, size} : Shape{size, 2};
          c.inputs.emplace_back(shape);
          const auto at = [&](std::int64_t line, std::int64_t i) {
            return static_cast<std::size_t>(row ? line * size + i : i * 2 + line);
          };
          for (float& v : c.inputs[0].values()) v = 0.5f;
          c.inputs[0].values()[at(0, place)] = special;
          const bool vanishes = special == -tests::kInfinity;
          std::vector<double> expected = tests::results_of(shape);
          for (std::int64_t i = 0; i < size; ++i) {
            expected[at(0, i)] = !vanishes    ? double{tests::kNaN}
                                 : i == place ? 0.0
                                              : 1.0 / static_cast<double>(size - 1);
            expected[at(1, i)] = 1.0 / static_cast<double>(size);
          }
          tests::check_closely(c, expected, 1e-6, 0);
        }
}

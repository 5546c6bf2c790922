#include "layers/linear.hpp"

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

namespace {

void check(const Shape& x, std::int64_t outputs, bool bias, tests::Random& random) {
  Case c;
  layers::Linear layer;
  const std::int64_t features = x[x.rank() - 1];
  layer.weight = c.add_weight(random.tensor({outputs, features}));
  if (bias) layer.bias = c.add_weight(random.tensor({outputs}));
  c.layer = layer;
  c.inputs.push_back(random.tensor(x));
  const Shape y = tests::output_shape(c);
  std::vector<double> expected = tests::results_of(y);
  const Tensor& weight = c.weight(layer.weight);
  tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
    Shape source = index;
    double sum = bias ? c.weight(layer.bias).values()[static_cast<std::size_t>(index[y.rank() - 1])] : 0;
    for (std::int64_t k = 0; k < features; ++k) {
      source[y.rank() - 1] = k;
      sum += tests::element(c.inputs[0], source) *
             weight.values()[static_cast<std::size_t>(index[y.rank() - 1] * features + k)];
    }
    expected[flat] = sum;
  });
  tests::check_everywhere(c, expected);
}

}  // namespace

TEST_CASE("linear: every rank, with and without bias") {
  tests::Random random(171);
  const Shape shapes[] = {{7},          {1, 130},        {5, 33},           {40, 64},
                          {2, 3, 17},   {2, 5, 3, 9},    {1, 1, 6, 20},     {3, 4, 1, 12},
                          {2, 6, 1, 1}, {2, 3, 2, 2, 5}, {1, 2, 2, 1, 3, 4}};
  for (const Shape& shape : shapes)
    for (const std::int64_t outputs : {1, 5, 64, 131})
      for (const bool bias : {false, true}) check(shape, outputs, bias, random);
}

TEST_CASE("linear: long sums, many rows") {
  tests::Random random(172);
  check({3, 3000}, 50, true, random);
  check({301, 64}, 70, true, random);
}

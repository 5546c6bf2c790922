// What the element-wise layers of one input have in common.
#pragma once

#include "tests/layers/cases.hpp"

namespace pliant::tests {

/// Every rank, ends of rows, several tasks; infinities and NaN as the formula in double precision has them.
template <class Function>
void check_unary(const layers::Layer& layer, const Function& function) {
  Random random(131);
  const Shape shapes[] = {
      {1}, {37}, {3, 7}, {2, 3, 5}, {2, 17, 9, 11}, {1, 2, 3, 4, 5}, {1, 2, 1, 3, 2, 4}, {1, 64, 33, 31}};
  for (const Shape& shape : shapes) {
    Case c;
    c.layer = layer;
    c.inputs.push_back(random.tensor(shape, -8, 8));
    const auto values = c.inputs[0].values();
    const float special[] = {kNaN, kInfinity, -kInfinity, 0.0f, -0.0f, 3, -3, 1e30f, -1e30f, -100, 100};
    if (values.size() > 30) std::copy(std::begin(special), std::end(special), values.begin() + 9);
    std::vector<double> expected;
    for (const float v : values) expected.push_back(function(double{v}));
    check_closely(c, expected, 1e-6, 1e-6);
  }
}

}  // namespace pliant::tests

// What the element-wise layers of two inputs have in common.
#pragma once

#include "tests/layers/cases.hpp"
#include "tests/layers/reference.hpp"

namespace pliant::tests {

/// The second input is in [low, high].
template <class Layer, class Operation>
void check_broadcasts(const Operation& operation, float low = -2, float high = 2) {
  const std::pair<Shape, Shape> shapes[] = {
      {{2, 17, 5, 7}, {2, 17, 5, 7}},
      {{2, 17, 5, 7}, {1, 17, 1, 1}},
      {{1, 17, 1, 1}, {2, 17, 5, 7}},
      {{2, 17, 5, 7}, {2, 17, 1, 1}},
      {{2, 17, 5, 7}, {2, 1, 5, 7}},
      {{2, 1, 5, 7}, {1, 17, 1, 1}},
      {{2, 17, 5, 7}, {1, 1, 1, 1}},
      {{1, 1, 1, 1}, {2, 17, 5, 7}},
      {{2, 3, 1, 7}, {2, 3, 5, 1}},
      {{1, 3, 5, 1}, {2, 1, 5, 7}},
      {{1, 1, 1, 1}, {1, 1, 1, 1}},
      {{2, 64, 40, 41}, {2, 64, 40, 41}},
      {{1, 64, 30, 41}, {1, 64, 1, 1}},
      {{5}, {5}},
      {{5}, {1}},
      {{3, 4}, {3, 1}},
      {{1, 4}, {3, 1}},
      {{2, 3, 4}, {1, 3, 1}},
      {{2, 1, 4, 3, 5}, {2, 6, 1, 3, 1}},
      {{1, 2, 3, 1, 2, 3}, {2, 2, 1, 4, 2, 1}},
  };
  Random random(31);
  for (const auto& [a, b] : shapes)
    for (int activation = 0; activation <= 4; ++activation) {
      Case c;
      Layer layer;
      layer.activation = static_cast<layers::Activation>(activation);
      c.layer = layer;
      c.inputs.push_back(random.tensor(a, -2, 2));
      c.inputs.push_back(random.tensor(b, low, high));
      c.inputs[0].values()[0] = kNaN;
      const Shape y = output_shape(c);
      std::vector<double> expected = results_of(y);
      for_each_index(y, [&](const Shape& index, std::size_t flat) {
        expected[flat] =
            activate(operation(element(c.inputs[0], index), element(c.inputs[1], index)), layer.activation);
      });
      check_everywhere(c, expected);
    }
}

}  // namespace pliant::tests

// Small helpers for the tests of the plain layers.
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <limits>
#include <vector>

#include "tests/layers/harness.hpp"
#include "tests/layers/random.hpp"

namespace pliant::tests {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

inline Shape output_shape(const Case& c) {
  const auto weights = c.weights();
  std::vector<Shape> shapes;
  for (const Tensor& input : c.inputs) shapes.push_back(input.shape());
  return layers::infer_shapes(c.layer, {"layer", "test", weights}, shapes)[0];
}

/// Calls body(index, flat) for each index of a row-major shape.
template <class Body>
void for_each_index(const Shape& shape, const Body& body) {
  Shape index = shape;
  for (std::int64_t flat = 0; flat < shape.elements(); ++flat) {
    std::int64_t rest = flat;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      index[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    body(index, static_cast<std::size_t>(flat));
  }
}

/// The element at a row-major index; along axes of size 1 every index is 0.
inline double element(const Tensor& tensor, const Shape& index) {
  std::int64_t flat = 0;
  for (int axis = 0; axis < index.rank(); ++axis)
    flat = flat * tensor.shape()[axis] + (tensor.shape()[axis] == 1 ? 0 : index[axis]);
  return tensor.values()[static_cast<std::size_t>(flat)];
}

inline std::vector<double> results_of(const Shape& shape) {
  return std::vector<double>(static_cast<std::size_t>(shape.elements()));
}

}  // namespace pliant::tests

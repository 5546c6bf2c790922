// Shapes as the arena holds them: rank 4 is NHWC, other ranks keep PyTorch's order.
#pragma once

#include <cstdint>

#include "pliant/tensor.hpp"

namespace pliant::backends::cpu {

/// Position in memory of an axis in PyTorch's order.
inline int memory_axis(int rank, int axis) {
  constexpr int kNhwc[] = {0, 3, 1, 2};
  return rank == 4 ? kNhwc[axis] : axis;
}

/// Sizes from the slowest to the fastest.
inline Shape memory_order(const Shape& shape) {
  Shape result = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) result[memory_axis(shape.rank(), axis)] = shape[axis];
  return result;
}

/// Product of the sizes [begin, end).
inline std::int64_t product(const Shape& shape, int begin, int end) {
  std::int64_t result = 1;
  for (int i = begin; i < end; ++i) result *= shape[i];
  return result;
}

}  // namespace pliant::backends::cpu

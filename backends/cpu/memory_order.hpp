// Shapes as the arena holds them: rank 4 is NHWC, other ranks keep PyTorch's order.
#pragma once

#include <array>
#include <cstddef>
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

/// Floats from one index to the next along each axis in PyTorch's order, of a row-major tensor.
inline std::array<std::int64_t, Shape::kMaxRank> row_major_strides(const Shape& shape) {
  std::array<std::int64_t, Shape::kMaxRank> strides{};
  std::int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/// Likewise of a value in the arena.
inline std::array<std::int64_t, Shape::kMaxRank> memory_strides(const Shape& shape) {
  const auto in_memory = row_major_strides(memory_order(shape));
  std::array<std::int64_t, Shape::kMaxRank> strides{};
  for (int axis = 0; axis < shape.rank(); ++axis)
    strides[static_cast<std::size_t>(axis)] =
        in_memory[static_cast<std::size_t>(memory_axis(shape.rank(), axis))];
  return strides;
}

/// Product of the sizes [begin, end).
inline std::int64_t product(const Shape& shape, int begin, int end) {
  std::int64_t result = 1;
  for (int i = begin; i < end; ++i) result *= shape[i];
  return result;
}

}  // namespace pliant::backends::cpu

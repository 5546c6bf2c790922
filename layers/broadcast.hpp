// NumPy's broadcasting, for element-wise layers.
#pragma once

#include "layers/context.hpp"

namespace pliant::layers {

/// Two inputs of the same rank. Throws kInvalidModel.
std::vector<int> validate_broadcast(const NodeContext& context, std::span<const int> ranks);

/// The common shape: in each dimension the sizes are equal or one of them is 1. Throws kInvalidArgument.
Shape broadcast(const NodeContext& context, const Shape& a, const Shape& b);

}  // namespace pliant::layers

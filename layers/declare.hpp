// Declares the functions that every layer has; each layers/<name>.cpp defines them.
#pragma once

#include "layers/context.hpp"

#define PLIANT_DECLARE_LAYER_RULES(Type)                                                                \
  std::vector<int> validate(const Type& layer, const NodeContext& context, std::span<const int> ranks); \
  std::vector<Shape> infer_shapes(const Type& layer, const NodeContext& context,                        \
                                  std::span<const Shape> inputs);                                       \
  std::uint64_t macs(const Type& layer, const NodeContext& context, std::span<const Shape> inputs,      \
                     std::span<const Shape> outputs);                                                   \
  std::vector<WeightId> weights_of(const Type& layer)

#define PLIANT_DECLARE_LAYER(Type)                                    \
  Type decode(const schema::Type& table, const NodeContext& context); \
  PLIANT_DECLARE_LAYER_RULES(Type)

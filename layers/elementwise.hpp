// Rules of layers that compute each element on its own.
#pragma once

#include "layers/broadcast.hpp"
#include "layers/declare.hpp"

namespace pliant::layers {

/// One input of any rank. Throws kInvalidModel.
std::vector<int> validate_unary(const NodeContext& context, std::span<const int> ranks);

}  // namespace pliant::layers

/// The rules of a layer with one input and an output of its shape; `decode` and `validate` are its own.
#define PLIANT_DEFINE_UNARY_RULES(Type)                                                                 \
  std::vector<Shape> infer_shapes(const Type&, const NodeContext&, std::span<const Shape> inputs) {     \
    return {inputs[0]};                                                                                 \
  }                                                                                                     \
  std::uint64_t macs(const Type&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) { \
    return 0;                                                                                           \
  }                                                                                                     \
  std::vector<WeightId> weights_of(const Type&) { return {}; }

/// The rules of a layer with two inputs that broadcast, and no attributes in the file.
#define PLIANT_DEFINE_BINARY_RULES(Type)                                                                    \
  Type decode(const schema::Type&, const NodeContext&) { return {}; }                                       \
  std::vector<int> validate(const Type&, const NodeContext& context, std::span<const int> ranks) {          \
    return validate_broadcast(context, ranks);                                                              \
  }                                                                                                         \
  std::vector<Shape> infer_shapes(const Type&, const NodeContext& context, std::span<const Shape> inputs) { \
    return {broadcast(context, inputs[0], inputs[1])};                                                      \
  }                                                                                                         \
  std::uint64_t macs(const Type&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {     \
    return 0;                                                                                               \
  }                                                                                                         \
  std::vector<WeightId> weights_of(const Type&) { return {}; }

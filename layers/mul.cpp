#include "layers/mul.hpp"

#include "layers/broadcast.hpp"

namespace pliant::layers {

Mul decode(const schema::Mul&, const NodeContext&) { return {}; }

std::vector<int> validate(const Mul&, const NodeContext& context, std::span<const int> ranks) {
  return validate_broadcast(context, ranks);
}

std::vector<Shape> infer_shapes(const Mul&, const NodeContext& context, std::span<const Shape> inputs) {
  return {broadcast(context, inputs[0], inputs[1])};
}

std::uint64_t macs(const Mul&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Mul&) { return {}; }

}  // namespace pliant::layers

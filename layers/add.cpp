#include "layers/add.hpp"

#include "layers/broadcast.hpp"

namespace pliant::layers {

Add decode(const schema::Add&, const NodeContext&) { return {}; }

std::vector<int> validate(const Add&, const NodeContext& context, std::span<const int> ranks) {
  return validate_broadcast(context, ranks);
}

std::vector<Shape> infer_shapes(const Add&, const NodeContext& context, std::span<const Shape> inputs) {
  return {broadcast(context, inputs[0], inputs[1])};
}

std::uint64_t macs(const Add&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Add&) { return {}; }

}  // namespace pliant::layers

#include "layers/sigmoid.hpp"

namespace pliant::layers {

Sigmoid decode(const schema::Sigmoid&, const NodeContext&) { return {}; }

std::vector<int> validate(const Sigmoid&, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  return {ranks[0]};
}

std::vector<Shape> infer_shapes(const Sigmoid&, const NodeContext&, std::span<const Shape> inputs) {
  return {inputs[0]};
}

std::uint64_t macs(const Sigmoid&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Sigmoid&) { return {}; }

}  // namespace pliant::layers

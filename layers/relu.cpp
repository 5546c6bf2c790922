#include "layers/relu.hpp"

namespace pliant::layers {

ReLU decode(const schema::ReLU&, const NodeContext&) { return {}; }

std::vector<int> validate(const ReLU&, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  return {ranks[0]};
}

std::vector<Shape> infer_shapes(const ReLU&, const NodeContext&, std::span<const Shape> inputs) {
  return {inputs[0]};
}

std::uint64_t macs(const ReLU&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const ReLU&) { return {}; }

}  // namespace pliant::layers

#include "layers/constant.hpp"

namespace pliant::layers {

Constant decode(const schema::Constant& table, const NodeContext&) { return {{table.weight()}}; }

std::vector<int> validate(const Constant& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 0, 0);
  context.check_present(layer.weight, "weight");
  const int rank = context.weight(layer.weight).shape.rank();
  if (rank < 1) context.fail_model("its weight is a scalar, expected rank 1 and more");
  return {rank};
}

std::vector<Shape> infer_shapes(const Constant& layer, const NodeContext& context, std::span<const Shape>) {
  return {context.weight(layer.weight).shape};
}

std::uint64_t macs(const Constant&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Constant& layer) { return {layer.weight}; }

}  // namespace pliant::layers

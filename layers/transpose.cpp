#include "layers/transpose.hpp"

namespace pliant::layers {

Transpose decode(const schema::Transpose& table, const NodeContext& context) {
  return {to_vector(table.perm(), context, "perm")};
}

std::vector<int> validate(const Transpose& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  const auto rank = static_cast<std::size_t>(ranks[0]);
  std::vector<bool> seen(rank, false);
  for (const int axis : layer.perm) {
    if (axis < 0 || axis >= ranks[0] || seen[static_cast<std::size_t>(axis)])
      context.fail_model("perm names axis ", axis, " wrongly for rank ", ranks[0]);
    seen[static_cast<std::size_t>(axis)] = true;
  }
  if (layer.perm.size() != rank)
    context.fail_model("perm has ", layer.perm.size(), " axes, the input ", ranks[0]);
  return {ranks[0]};
}

std::vector<Shape> infer_shapes(const Transpose& layer, const NodeContext&, std::span<const Shape> inputs) {
  Shape y = inputs[0];
  for (int i = 0; i < y.rank(); ++i) y[i] = inputs[0][layer.perm[static_cast<std::size_t>(i)]];
  return {y};
}

std::uint64_t macs(const Transpose&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Transpose&) { return {}; }

}  // namespace pliant::layers

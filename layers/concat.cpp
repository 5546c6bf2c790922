#include "layers/concat.hpp"

#include "core/checked.hpp"

namespace pliant::layers {

Concat decode(const schema::Concat& table, const NodeContext&) { return {table.axis()}; }

std::vector<int> validate(const Concat& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1024);
  for (std::size_t i = 1; i < ranks.size(); ++i) context.check_rank(ranks, i, ranks[0]);
  if (layer.axis < 0 || layer.axis >= ranks[0])
    context.fail_model("axis is ", layer.axis, ", the inputs have rank ", ranks[0]);
  return {ranks[0]};
}

std::vector<Shape> infer_shapes(const Concat& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  Shape y = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    Shape expected = inputs[0];
    expected[layer.axis] = inputs[i][layer.axis];
    if (!(inputs[i] == expected))
      context.fail_shape("input ", i, " has shape ", inputs[i].to_string(), ", input 0 ",
                         inputs[0].to_string(), "; only axis ", layer.axis, " may differ");
    const auto sum = core::checked_add(y[layer.axis], inputs[i][layer.axis]);
    if (!sum) context.fail_shape("the joined axis is too large");
    y[layer.axis] = *sum;
  }
  return {y};
}

std::uint64_t macs(const Concat&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Concat&) { return {}; }

}  // namespace pliant::layers

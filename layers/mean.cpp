#include "layers/mean.hpp"

#include <algorithm>

namespace pliant::layers {

Mean decode(const schema::Mean& table, const NodeContext& context) {
  Mean layer;
  layer.axes = to_vector(table.axes(), context, "axes");
  std::sort(layer.axes.begin(), layer.axes.end());
  layer.keepdim = table.keepdim();
  return layer;
}

std::vector<int> validate(const Mean& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  if (layer.axes.empty()) context.fail_model("has no axes");
  for (std::size_t i = 0; i < layer.axes.size(); ++i) {
    if (layer.axes[i] < 0 || layer.axes[i] >= ranks[0])
      context.fail_model("axis is ", layer.axes[i], ", the input has rank ", ranks[0]);
    if (i > 0 && layer.axes[i] == layer.axes[i - 1])
      context.fail_model("axis ", layer.axes[i], " is named twice");
  }
  const int rank = layer.keepdim ? ranks[0] : ranks[0] - static_cast<int>(layer.axes.size());
  if (rank < 1) context.fail_model("leaves no axis; use keepdim");
  return {rank};
}

std::vector<Shape> infer_shapes(const Mean& layer, const NodeContext&, std::span<const Shape> inputs) {
  std::vector<std::int64_t> sizes;
  for (int i = 0; i < inputs[0].rank(); ++i) {
    const bool reduced = std::binary_search(layer.axes.begin(), layer.axes.end(), i);
    if (!reduced || layer.keepdim) sizes.push_back(reduced ? 1 : inputs[0][i]);
  }
  return {Shape(std::span<const std::int64_t>(sizes))};
}

std::uint64_t macs(const Mean&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Mean&) { return {}; }

}  // namespace pliant::layers

#include "layers/deform_roi_pool.hpp"

#include <cmath>

namespace pliant::layers {

DeformRoIPool decode(const schema::DeformRoIPool& table, const NodeContext&) {
  DeformRoIPool layer;
  layer.spatial_scale = table.spatial_scale();
  layer.pooled_size = table.pooled_size();
  layer.output_dim = table.output_dim();
  layer.group_size = table.group_size();
  layer.part_size = table.part_size() == 0 ? table.pooled_size() : table.part_size();
  layer.sample_per_part = table.sample_per_part();
  layer.trans_std = table.trans_std();
  return layer;
}

std::vector<int> validate(const DeformRoIPool& layer, const NodeContext& context,
                          std::span<const int> ranks) {
  const std::size_t inputs = layer.has_trans ? 3 : 2;
  context.check_input_count(ranks, inputs, inputs);
  context.check_rank(ranks, 0, 4);
  context.check_rank(ranks, 1, 2);
  if (layer.has_trans) context.check_rank(ranks, 2, 4);
  constexpr int kMost = 1 << 10;
  const auto check = [&](std::string_view name, int value, int most) {
    if (value < 1 || value > most) context.fail_model(name, " is ", value, ", expected 1 to ", most);
  };
  check("pooled_size", layer.pooled_size, kMost);
  check("output_dim", layer.output_dim, 1 << 20);
  check("group_size", layer.group_size, kMost);
  check("part_size", layer.part_size, kMost);
  check("sample_per_part", layer.sample_per_part, 64);
  if (!std::isfinite(layer.spatial_scale) || !(layer.spatial_scale > 0) || !std::isfinite(layer.trans_std))
    context.fail_model("spatial_scale or trans_std is out of range");
  return {4};
}

std::vector<Shape> infer_shapes(const DeformRoIPool& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  const std::int64_t channels = std::int64_t{layer.output_dim} * layer.group_size * layer.group_size;
  if (inputs[0][1] != channels)
    context.fail_shape("input has ", inputs[0][1],
                       " channels, expected output_dim * group_size^2 = ", channels);
  if (inputs[1][1] != 5) context.fail_shape("rois have ", inputs[1][1], " numbers each, expected 5");
  if (layer.has_trans) {
    const Shape& t = inputs[2];
    if (t[0] != inputs[1][0] || t[1] < 2 || t[1] % 2 != 0 || layer.output_dim % (t[1] / 2) != 0 ||
        t[2] != layer.part_size || t[3] != layer.part_size)
      context.fail_shape("trans has shape ", t.to_string(), ", expected ", inputs[1][0], "x(2*classes)x",
                         layer.part_size, "x", layer.part_size);
  }
  return {Shape{inputs[1][0], layer.output_dim, layer.pooled_size, layer.pooled_size}};
}

std::uint64_t macs(const DeformRoIPool&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const DeformRoIPool&) { return {}; }

}  // namespace pliant::layers

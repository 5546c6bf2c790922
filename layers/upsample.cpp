#include "layers/upsample.hpp"

#include <algorithm>
#include <cmath>

namespace pliant::layers {
namespace {

constexpr double kMostScale = 1 << 15;

std::int64_t scaled_size(const NodeContext& context, std::int64_t in, double scale) {
  const double out = std::floor(static_cast<double>(in) * scale);
  if (!(out >= 1)) context.fail_shape("size ", in, " scaled by ", scale, " leaves nothing");
  if (out > 2147483647.0) context.fail_shape("size ", in, " scaled by ", scale, " is too large");
  return static_cast<std::int64_t>(out);
}

}  // namespace

Upsample decode(const schema::Upsample& table, const NodeContext& context) {
  Upsample layer;
  switch (table.mode()) {
    case schema::UpsampleMode::nearest:
      layer.mode = Upsample::Mode::kNearest;
      break;
    case schema::UpsampleMode::bilinear:
      layer.mode = Upsample::Mode::kBilinear;
      break;
    default:
      context.fail_model("mode ", static_cast<int>(table.mode()), " is unknown");
  }
  layer.to_size = table.scale_h() == 0 && table.scale_w() == 0;
  layer.scale_h = layer.to_size ? 1 : table.scale_h();
  layer.scale_w = layer.to_size ? 1 : table.scale_w();
  layer.align_corners = table.align_corners();
  layer.size = to_pair(table.size(), {0, 0});
  return layer;
}

std::vector<int> validate(const Upsample& layer, const NodeContext& context, std::span<const int> ranks) {
  const std::size_t inputs = layer.to_size && !layer.has_fixed_size() ? 2 : 1;
  context.check_input_count(ranks, inputs, inputs);
  for (std::size_t i = 0; i < ranks.size(); ++i) context.check_rank(ranks, i, 4);
  if (layer.size.h != 0 || layer.size.w != 0) {
    context.check_pair(layer.size, "size", 1);
    if (!layer.to_size) context.fail_model("has a scale and a size, expected one of them");
  }
  for (const double scale : {layer.scale_h, layer.scale_w})
    if (!(scale > 0 && scale <= kMostScale))
      context.fail_model("scale is ", layer.scale_h, "x", layer.scale_w,
                         ", expected numbers above 0, at most ", kMostScale);
  return {4};
}

std::vector<Shape> infer_shapes(const Upsample& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  const Shape& x = inputs[0];
  if (layer.has_fixed_size()) return {Shape{x[0], x[1], layer.size.h, layer.size.w}};
  if (layer.to_size) return {Shape{x[0], x[1], inputs[1][2], inputs[1][3]}};
  return {Shape{x[0], x[1], scaled_size(context, x[2], layer.scale_h),
                scaled_size(context, x[3], layer.scale_w)}};
}

std::uint64_t macs(const Upsample&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Upsample&) { return {}; }

std::vector<std::int32_t> nearest_indices(std::int64_t in, std::int64_t out, bool to_size, double scale) {
  const float step =
      to_size ? static_cast<float>(in) / static_cast<float>(out) : static_cast<float>(1.0 / scale);
  std::vector<std::int32_t> indices(static_cast<std::size_t>(out));
  for (std::int64_t i = 0; i < out; ++i) {
    const float source = std::floor(static_cast<float>(i) * step);
    indices[static_cast<std::size_t>(i)] =
        static_cast<std::int32_t>(std::min(static_cast<std::int64_t>(source), in - 1));
  }
  return indices;
}

}  // namespace pliant::layers

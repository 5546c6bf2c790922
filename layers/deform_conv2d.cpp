#include "layers/deform_conv2d.hpp"

#include "layers/convolution.hpp"

namespace pliant::layers {
namespace {

using OffsetRead = DeformConv2d::OffsetRead;

/// Offset or mask: [N, channels, Ho, Wo], or in flat_prefix mode any map that holds at least as many elements
/// an image.
void check_map(const DeformConv2d& layer, const NodeContext& context, std::string_view role, const Shape& map,
               std::int64_t channels, const Shape& y) {
  if (map[0] != y[0]) context.fail_shape(role, " has batch ", map[0], ", input has ", y[0]);
  if (layer.one_map ? map[1] < channels : map[1] != channels)
    context.fail_shape(role, " has ", map[1], " channels, expected ", channels);
  if (map[2] == y[2] && map[3] == y[3]) return;
  if (layer.offset_read == OffsetRead::kExact)
    context.fail_shape(role, " has size ", map[2], "x", map[3], ", the output ", y[2], "x", y[3],
                       "; a checkpoint of the original CUDA operator needs offset_read = flat_prefix");
  if (Shape{map[2], map[3]}.elements() < Shape{y[2], y[3]}.elements())
    context.fail_shape(role, " has size ", map[2], "x", map[3], ", too small for the output ", y[2], "x",
                       y[3]);
}

}  // namespace

DeformConv2d decode(const schema::DeformConv2d& table, const NodeContext& context) {
  DeformConv2d layer;
  layer.weight.index = table.weight();
  layer.bias.index = table.bias();
  layer.stride = to_pair(table.stride(), {1, 1});
  layer.padding = to_pair(table.padding(), {0, 0});
  layer.dilation = to_pair(table.dilation(), {1, 1});
  layer.groups = table.groups();
  layer.offset_groups = table.offset_groups();
  switch (table.offset_read()) {
    case schema::OffsetRead::exact:
      layer.offset_read = OffsetRead::kExact;
      break;
    case schema::OffsetRead::flat_prefix:
      layer.offset_read = OffsetRead::kFlatPrefix;
      break;
    default:
      context.fail_model("offset_read ", static_cast<int>(table.offset_read()), " is unknown");
  }
  return layer;
}

std::vector<int> validate(const DeformConv2d& layer, const NodeContext& context, std::span<const int> ranks) {
  const std::size_t inputs = 2 + (layer.masked && !layer.one_map ? 1 : 0) + (layer.epilogue.residual ? 1 : 0);
  context.check_input_count(ranks, inputs, inputs);
  for (std::size_t i = 0; i < ranks.size(); ++i) context.check_rank(ranks, i, 4);
  check_window(context, layer.stride, layer.padding, layer.dilation);
  check_convolution_weights(context, layer.weight, layer.bias, layer.groups);
  const std::int64_t channels = context.weight(layer.weight).shape[1] * layer.groups;
  if (layer.offset_groups < 1 || channels % layer.offset_groups != 0)
    context.fail_model("offset_groups is ", layer.offset_groups, ", expected a divisor of the ", channels,
                       " input channels");
  return {4};
}

std::vector<Shape> infer_shapes(const DeformConv2d& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  const Shape& x = inputs[0];
  const Shape& w = context.weight(layer.weight).shape;
  check_input_channels(context, x, w[1] * layer.groups);
  const Shape y = convolution_output(context, x, w, layer.stride, layer.padding, layer.dilation);
  const std::int64_t taps = layer.offset_groups * w[2] * w[3];
  const OneMap first = layer.one_map.value_or(OneMap{});
  check_map(layer, context, "offset", inputs[1], first.offset + 2 * taps, y);
  if (layer.masked) check_map(layer, context, "mask", inputs[layer.one_map ? 1 : 2], first.mask + taps, y);
  check_residual(context, layer.epilogue, inputs, y);
  return {y};
}

std::uint64_t macs(const DeformConv2d& layer, const NodeContext& context, std::span<const Shape>,
                   std::span<const Shape> outputs) {
  return convolution_macs(context.weight(layer.weight).shape, outputs[0]);
}

std::vector<WeightId> weights_of(const DeformConv2d& layer) { return present({layer.weight, layer.bias}); }

}  // namespace pliant::layers

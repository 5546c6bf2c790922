#include "layers/conv_transpose2d.hpp"

#include <algorithm>

#include "layers/convolution.hpp"

namespace pliant::layers {
namespace {

std::int64_t output_size(std::int64_t in, std::int64_t kernel, int stride, int padding, int output_padding,
                         int dilation) {
  return (in - 1) * stride - 2 * std::int64_t{padding} + std::int64_t{dilation} * (kernel - 1) +
         output_padding + 1;
}

}  // namespace

ConvTranspose2d decode(const schema::ConvTranspose2d& table, const NodeContext&) {
  ConvTranspose2d layer;
  layer.weight.index = table.weight();
  layer.bias.index = table.bias();
  layer.stride = to_pair(table.stride(), {1, 1});
  layer.padding = to_pair(table.padding(), {0, 0});
  layer.output_padding = to_pair(table.output_padding(), {0, 0});
  layer.dilation = to_pair(table.dilation(), {1, 1});
  layer.groups = table.groups();
  return layer;
}

std::vector<int> validate(const ConvTranspose2d& layer, const NodeContext& context,
                          std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  context.check_rank(ranks, 0, 4);
  check_window(context, layer.stride, layer.padding, layer.dilation);
  context.check_pair(layer.output_padding, "output_padding", 0);
  const auto too_large = [](int padding, int stride, int dilation) {
    return padding >= std::max(stride, dilation);
  };
  if (too_large(layer.output_padding.h, layer.stride.h, layer.dilation.h) ||
      too_large(layer.output_padding.w, layer.stride.w, layer.dilation.w))
    context.fail_model("output_padding ", layer.output_padding.h, "x", layer.output_padding.w,
                       " must be smaller than the stride or the dilation");
  context.check_weight_rank(layer.weight, "weight", 4);
  const Shape& w = context.weight(layer.weight).shape;
  if (w[2] > kMostAttribute || w[3] > kMostAttribute)
    context.fail_model("weight has shape ", w.to_string(), ", kernels are at most ", kMostAttribute, " wide");
  if (layer.groups < 1 || w[0] % layer.groups != 0)
    context.fail_model("groups is ", layer.groups, ", expected a divisor of the ", w[0], " input channels");
  if (layer.bias.present()) context.check_weight(layer.bias, "bias", Shape{w[1] * layer.groups});
  return {4};
}

std::vector<Shape> infer_shapes(const ConvTranspose2d& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  const Shape& x = inputs[0];
  const Shape& w = context.weight(layer.weight).shape;
  check_input_channels(context, x, w[0]);
  const std::int64_t h =
      output_size(x[2], w[2], layer.stride.h, layer.padding.h, layer.output_padding.h, layer.dilation.h);
  const std::int64_t wo =
      output_size(x[3], w[3], layer.stride.w, layer.padding.w, layer.output_padding.w, layer.dilation.w);
  if (h < 1 || wo < 1) context.fail_shape("input ", x[2], "x", x[3], " gives an empty output ", h, "x", wo);
  if (!layer.next_weight.present()) return {Shape{x[0], w[1] * layer.groups, h, wo}};
  const Shape& next = context.weight(layer.next_weight).shape;
  if (next[0] != w[1]) context.fail_shape("its next weight expects ", next[0], " channels, it gets ", w[1]);
  return {Shape{x[0], next[1], h * next[2], wo * next[3]}};
}

std::uint64_t macs(const ConvTranspose2d& layer, const NodeContext& context, std::span<const Shape> inputs,
                   std::span<const Shape>) {
  const Shape& w = context.weight(layer.weight).shape;
  const std::int64_t first = w[1] * w[2] * w[3];
  const Shape next =
      layer.next_weight.present() ? context.weight(layer.next_weight).shape : Shape{0, 0, 0, 0};
  return static_cast<std::uint64_t>(inputs[0].elements()) * static_cast<std::uint64_t>(first) +
         static_cast<std::uint64_t>(inputs[0].elements() / w[0] * first * next[1] * next[2] * next[3]);
}

std::vector<WeightId> weights_of(const ConvTranspose2d& layer) {
  return present({layer.weight, layer.bias, layer.next_weight, layer.next_bias});
}

bool is_pixelwise(const ConvTranspose2d& layer, const Shape& weight) {
  const Pair kernel{static_cast<int>(weight[2]), static_cast<int>(weight[3])};
  return layer.groups == 1 && kernel == layer.stride && layer.padding == Pair{0, 0} &&
         layer.output_padding == Pair{0, 0} && layer.dilation == Pair{1, 1};
}

}  // namespace pliant::layers

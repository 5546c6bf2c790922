#include "layers/conv2d.hpp"

#include "layers/convolution.hpp"

namespace pliant::layers {

Conv2d decode(const schema::Conv2d& table, const NodeContext&) {
  Conv2d layer;
  layer.weight.index = table.weight();
  layer.bias.index = table.bias();
  layer.stride = to_pair(table.stride(), {1, 1});
  layer.padding = to_pair(table.padding(), {0, 0});
  layer.dilation = to_pair(table.dilation(), {1, 1});
  layer.groups = table.groups();
  return layer;
}

std::vector<int> validate(const Conv2d& layer, const NodeContext& context, std::span<const int> ranks) {
  const std::size_t inputs = 1 + (layer.epilogue.residual ? 1 : 0);
  context.check_input_count(ranks, inputs, inputs);
  for (std::size_t i = 0; i < ranks.size(); ++i) context.check_rank(ranks, i, 4);
  check_window(context, layer.stride, layer.padding, layer.dilation);
  check_convolution_weights(context, layer.weight, layer.bias, layer.groups);
  return {4};
}

std::vector<Shape> infer_shapes(const Conv2d& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  Shape x = inputs[0];
  const Shape& w = context.weight(layer.weight).shape;
  check_input_channels(context, x, w[1] * layer.groups);
  x[2] *= layer.upsample.h;
  x[3] *= layer.upsample.w;
  const Shape y = convolution_output(context, x, w, layer.stride, layer.padding, layer.dilation);
  check_residual(context, layer.epilogue, inputs, y);
  return layer.pool ? infer_shapes(*layer.pool, context, std::span(&y, 1)) : std::vector{y};
}

Shape convolved_shape(const Conv2d& layer, const Shape& x, const Shape& weight) {
  const auto size = [](std::int64_t in, std::int64_t kernel, int stride, int padding, int dilation) {
    return window_output_size(in, static_cast<int>(kernel), stride, padding, dilation);
  };
  return {x[0], weight[0],
          size(x[2] * layer.upsample.h, weight[2], layer.stride.h, layer.padding.h, layer.dilation.h),
          size(x[3] * layer.upsample.w, weight[3], layer.stride.w, layer.padding.w, layer.dilation.w)};
}

std::uint64_t macs(const Conv2d& layer, const NodeContext& context, std::span<const Shape> inputs,
                   std::span<const Shape>) {
  const Shape& weight = context.weight(layer.weight).shape;
  return convolution_macs(weight, convolved_shape(layer, inputs[0], weight));
}

bool takes_upsampled_input(const Conv2d& layer, const Shape& weight) {
  const Pair one{1, 1};
  return weight[2] == 3 && weight[3] == 3 && layer.stride == one && layer.padding == one &&
         layer.dilation == one && layer.groups == 1;
}

std::vector<WeightId> weights_of(const Conv2d& layer) { return present({layer.weight, layer.bias}); }

}  // namespace pliant::layers

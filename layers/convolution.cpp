#include "layers/convolution.hpp"

namespace pliant::layers {

void check_window(const NodeContext& context, Pair stride, Pair padding, Pair dilation) {
  context.check_pair(stride, "stride", 1);
  context.check_pair(padding, "padding", 0);
  context.check_pair(dilation, "dilation", 1);
}

void check_convolution_weights(const NodeContext& context, WeightId weight, WeightId bias, int groups) {
  context.check_weight_rank(weight, "weight", 4);
  const Shape& w = context.weight(weight).shape;
  if (w[2] > kMostAttribute || w[3] > kMostAttribute)
    context.fail_model("weight has shape ", w.to_string(), ", kernels are at most ", kMostAttribute, " wide");
  if (groups < 1 || w[0] % groups != 0)
    context.fail_model("groups is ", groups, ", expected a divisor of the ", w[0], " output channels");
  if (bias.index >= 0) context.check_weight(bias, "bias", Shape{w[0]});
}

void check_input_channels(const NodeContext& context, const Shape& x, std::int64_t expected) {
  if (x[1] != expected) context.fail_shape("input has ", x[1], " channels, weight expects ", expected);
}

Shape convolution_output(const NodeContext& context, const Shape& x, const Shape& weight, Pair stride,
                         Pair padding, Pair dilation) {
  const auto kh = static_cast<int>(weight[2]);
  const auto kw = static_cast<int>(weight[3]);
  const std::int64_t h = window_output_size(x[2], kh, stride.h, padding.h, dilation.h);
  const std::int64_t w = window_output_size(x[3], kw, stride.w, padding.w, dilation.w);
  if (h < 1 || w < 1)
    context.fail_shape("input ", x[2], "x", x[3], " is smaller than the kernel ", kh, "x", kw, " (dilation ",
                       dilation.h, "x", dilation.w, ", padding ", padding.h, "x", padding.w, ")");
  return {x[0], weight[0], h, w};
}

void check_residual(const NodeContext& context, const Epilogue& epilogue, std::span<const Shape> inputs,
                    const Shape& output) {
  if (epilogue.residual && !(inputs.back() == output))
    context.fail_shape("residual has shape ", inputs.back().to_string(), ", output ", output.to_string());
}

std::uint64_t convolution_macs(const Shape& weight, const Shape& output) {
  return static_cast<std::uint64_t>(output.elements()) *
         static_cast<std::uint64_t>(weight[1] * weight[2] * weight[3]);
}

std::vector<WeightId> present(std::initializer_list<WeightId> ids) {
  std::vector<WeightId> result;
  for (const WeightId id : ids)
    if (id.present()) result.push_back(id);
  return result;
}

}  // namespace pliant::layers

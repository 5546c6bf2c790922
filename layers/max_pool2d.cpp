#include "layers/max_pool2d.hpp"

#include "layers/convolution.hpp"

namespace pliant::layers {
namespace {

/// PyTorch's pooling_output_shape: in ceil mode the last window must start inside the input or its left
/// padding.
std::int64_t pooled_size(std::int64_t in, int kernel, int stride, int padding, int dilation, bool ceil_mode) {
  const std::int64_t floor_size = window_output_size(in, kernel, stride, padding, dilation);
  if (!ceil_mode) return floor_size;
  const std::int64_t room = in + 2 * std::int64_t{padding} - std::int64_t{dilation} * (kernel - 1) - 1;
  if (room + stride - 1 < 0) return 0;
  std::int64_t size = (room + stride - 1) / stride + 1;
  if ((size - 1) * stride >= in + padding) --size;
  return size;
}

}  // namespace

MaxPool2d decode(const schema::MaxPool2d& table, const NodeContext&) {
  MaxPool2d layer;
  layer.kernel_size = to_pair(table.kernel_size(), {0, 0});
  layer.stride = to_pair(table.stride(), layer.kernel_size);
  layer.padding = to_pair(table.padding(), {0, 0});
  layer.dilation = to_pair(table.dilation(), {1, 1});
  layer.ceil_mode = table.ceil_mode();
  return layer;
}

std::vector<int> validate(const MaxPool2d& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  context.check_rank(ranks, 0, 4);
  context.check_pair(layer.kernel_size, "kernel_size", 1);
  check_window(context, layer.stride, layer.padding, layer.dilation);
  if (layer.padding.h > layer.kernel_size.h / 2 || layer.padding.w > layer.kernel_size.w / 2)
    context.fail_model("padding ", layer.padding.h, "x", layer.padding.w, " is more than half of the kernel ",
                       layer.kernel_size.h, "x", layer.kernel_size.w);
  return {4};
}

std::vector<Shape> infer_shapes(const MaxPool2d& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  const Shape& x = inputs[0];
  const std::int64_t h = pooled_size(x[2], layer.kernel_size.h, layer.stride.h, layer.padding.h,
                                     layer.dilation.h, layer.ceil_mode);
  const std::int64_t w = pooled_size(x[3], layer.kernel_size.w, layer.stride.w, layer.padding.w,
                                     layer.dilation.w, layer.ceil_mode);
  if (h < 1 || w < 1)
    context.fail_shape("input ", x[2], "x", x[3], " is smaller than the window ", layer.kernel_size.h, "x",
                       layer.kernel_size.w);
  return {Shape{x[0], x[1], h, w}};
}

std::uint64_t macs(const MaxPool2d&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const MaxPool2d&) { return {}; }

}  // namespace pliant::layers

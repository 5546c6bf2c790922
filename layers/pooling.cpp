#include "layers/pooling.hpp"

#include "layers/convolution.hpp"

namespace pliant::layers {
namespace {

/// PyTorch's pooling_output_shape.
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

void check_pooling(const NodeContext& context, Pair kernel_size, Pair stride, Pair padding, Pair dilation) {
  context.check_pair(kernel_size, "kernel_size", 1);
  check_window(context, stride, padding, dilation);
  if (padding.h > kernel_size.h / 2 || padding.w > kernel_size.w / 2)
    context.fail_model("padding ", padding.h, "x", padding.w, " is more than half of the kernel ",
                       kernel_size.h, "x", kernel_size.w);
}

Shape pooling_output(const NodeContext& context, const Shape& x, Pair kernel_size, Pair stride, Pair padding,
                     Pair dilation, bool ceil_mode) {
  const std::int64_t h = pooled_size(x[2], kernel_size.h, stride.h, padding.h, dilation.h, ceil_mode);
  const std::int64_t w = pooled_size(x[3], kernel_size.w, stride.w, padding.w, dilation.w, ceil_mode);
  if (h < 1 || w < 1)
    context.fail_shape("input ", x[2], "x", x[3], " is smaller than the window ", kernel_size.h, "x",
                       kernel_size.w);
  return {x[0], x[1], h, w};
}

}  // namespace pliant::layers

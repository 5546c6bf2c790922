// What the convolutions share: sizes in one place, packed weights, and the rows of pixels under a window.
#pragma once

#include <cstdint>
#include <memory>

#include "backends/cpu/gemm.hpp"
#include "backends/cpu/kernel.hpp"
#include "layers/context.hpp"

namespace pliant::backends::cpu {

/// A window over NHWC pictures.
struct Window {
  std::int64_t batch = 0, channels = 0, height = 0, width = 0;  // input
  std::int64_t out_channels = 0, out_height = 0, out_width = 0;
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1, padding_h = 0, padding_w = 0, dilation_h = 1, dilation_w = 1;
  std::int64_t groups = 1;

  std::int64_t taps() const { return kernel_h * kernel_w; }
  std::int64_t pixels() const { return batch * out_height * out_width; }
  std::int64_t group_channels() const { return channels / groups; }
  std::int64_t group_outputs() const { return out_channels / groups; }
};

/// Sizes of a layer with stride and padding between these values; kernel_h and _w are up to the caller.
template <class Layer>
Window window_between(const Layer& layer, const Shape& x, const Shape& y) {
  Window w;
  w.batch = x[0], w.channels = x[1], w.height = x[2], w.width = x[3];
  w.out_channels = y[1], w.out_height = y[2], w.out_width = y[3];
  w.stride_h = layer.stride.h, w.stride_w = layer.stride.w;
  w.padding_h = layer.padding.h, w.padding_w = layer.padding.w;
  if constexpr (requires { layer.dilation; })
    w.dilation_h = layer.dilation.h, w.dilation_w = layer.dilation.w;
  return w;
}

/// Sizes of a layer with weight[Co, C/groups, kh, kw], stride, padding, dilation and groups.
template <class Layer>
Window window_of(const Layer& layer, const Shape& weight, const Shape& x, const Shape& y) {
  Window w = window_between(layer, x, y);
  w.kernel_h = weight[2], w.kernel_w = weight[3];
  w.groups = layer.groups;
  return w;
}

/// Sizes of a layer with kernel_size, stride and padding.
template <class Layer>
Window pooling_window(const Layer& layer, const Shape& x, const Shape& y) {
  Window w = window_between(layer, x, y);
  w.kernel_h = layer.kernel_size.h, w.kernel_w = layer.kernel_size.w;
  return w;
}

/// An output pixel, and how to go to the next one.
struct Pixel {
  std::int64_t image = 0, y = 0, x = 0;

  Pixel(const Window& w, std::int64_t index)
      : image(index / (w.out_height * w.out_width)),
        y(index / w.out_width % w.out_height),
        x(index % w.out_width) {}
  void next(const Window& w) {
    if (++x < w.out_width) return;
    x = 0;
    if (++y < w.out_height) return;
    y = 0;
    ++image;
  }
};

/// For output pixels [begin, end): rows[(p - begin) * taps + t] = the pixel under tap t, or `zeros`.
void point_rows(const Window& w, const float* input, const float* zeros, std::int64_t begin, std::int64_t end,
                const float** rows);

/// The weights as B[taps * C/groups][Co/groups] a group, k in the order (tap, channel). From the cache.
std::shared_ptr<const PackedWeights> packed_convolution(const Window& w, const CpuContext& context,
                                                        PackCache& packs, layers::WeightId id,
                                                        const float* weight);

/// The residual's index among the inputs, or -1: kernels that read each of its elements once, and before they
/// write there, may leave their sum in its place.
inline int residual_input(const layers::Epilogue& epilogue, const PrepareArguments& arguments) {
  return epilogue.residual ? static_cast<int>(arguments.inputs.size()) - 1 : -1;
}

/// `count` zeros.
core::Buffer make_zeros(std::int64_t count);

}  // namespace pliant::backends::cpu

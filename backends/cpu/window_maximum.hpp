// The maximum over windows of pixels, wherever their rows lie.
#pragma once

#include <algorithm>
#include <limits>

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {

/// The pixels under one window, handed to the kernel in batches: windows have any size, the stack has not.
class Maximum {
 public:
  Maximum(const WindowKernels& kernels, std::int64_t channels, float* to)
      : kernels_(kernels), channels_(channels), to_(to) {}

  void add(const float* pixel) {
    if (count_ == kMost) flush();
    rows_[count_++] = pixel;
  }
  void finish() {
    if (count_ == 0)  // a dilated window may lie in the padding alone
      std::fill_n(to_, channels_, -std::numeric_limits<float>::infinity());
    else
      flush();
  }

 private:
  static constexpr std::int64_t kMost = 32;
  void flush() {
    kernels_.max(rows_, count_, channels_, to_);
    rows_[0] = to_;
    count_ = 1;
  }

  const WindowKernels& kernels_;
  std::int64_t channels_;
  float* to_;
  const float* rows_[kMost];
  std::int64_t count_ = 0;
};

/// to[c] = the maximum under the window of output pixel (y, x); at(y, x) gives the input's pixels. Padding
/// counts as minus infinity, NaN is passed on.
template <class At>
void window_maximum(const WindowKernels& kernels, const Window& w, std::int64_t y, std::int64_t x,
                    const At& at, float* to) {
  const std::int64_t y0 = y * w.stride_h - w.padding_h;
  const std::int64_t x0 = x * w.stride_w - w.padding_w;
  Maximum maximum(kernels, w.channels, to);
  // From the first tap inside of the picture to the last.
  const std::int64_t i0 = y0 < 0 ? ceil_div(-y0, w.dilation_h) : 0;
  const std::int64_t j0 = x0 < 0 ? ceil_div(-x0, w.dilation_w) : 0;
  for (std::int64_t i = i0; i < w.kernel_h; ++i) {
    const std::int64_t row = y0 + i * w.dilation_h;
    if (row >= w.height) break;
    for (std::int64_t j = j0; j < w.kernel_w; ++j) {
      const std::int64_t column = x0 + j * w.dilation_w;
      if (column >= w.width) break;
      maximum.add(at(row, column));
    }
  }
  maximum.finish();
}

}  // namespace pliant::backends::cpu

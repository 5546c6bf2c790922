#include "layers/max_pool2d.hpp"

#include <limits>

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/kernel.hpp"
#include "backends/cpu/parallel.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

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

class PreparedMaxPool2d final : public Prepared {
 public:
  PreparedMaxPool2d(const layers::MaxPool2d& layer, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        window_(pooling_window(layer, arguments.inputs[0], arguments.outputs[0])) {}

  std::string algorithm() const override {
    return core::message("max ", window_.kernel_h, "x", window_.kernel_w, " ", name_of(context_.isa()));
  }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    const Window& w = window_;
    for_ranges(context_.pool(), w.pixels(), grain_of(w.channels * 4 * 4),
               [&](std::int64_t begin, std::int64_t end, int) {
                 Pixel pixel(w, begin);
                 for (std::int64_t p = begin; p < end; ++p, pixel.next(w))
                   pool_pixel(inputs[0].data, pixel, outputs[0].data + p * w.channels);
               });
  }

 private:
  void pool_pixel(const float* input, const Pixel& pixel, float* to) const {
    const Window& w = window_;
    const float* image = input + pixel.image * w.height * w.width * w.channels;
    const std::int64_t y0 = pixel.y * w.stride_h - w.padding_h;
    const std::int64_t x0 = pixel.x * w.stride_w - w.padding_w;
    Maximum maximum(context_.simd().window, w.channels, to);
    // From the first tap inside of the picture to the last.
    const std::int64_t i0 = y0 < 0 ? ceil_div(-y0, w.dilation_h) : 0;
    const std::int64_t j0 = x0 < 0 ? ceil_div(-x0, w.dilation_w) : 0;
    for (std::int64_t i = i0; i < w.kernel_h; ++i) {
      const std::int64_t y = y0 + i * w.dilation_h;
      if (y >= w.height) break;
      for (std::int64_t j = j0; j < w.kernel_w; ++j) {
        const std::int64_t x = x0 + j * w.dilation_w;
        if (x >= w.width) break;
        maximum.add(image + (y * w.width + x) * w.channels);
      }
    }
    maximum.finish();
  }

  const CpuContext& context_;
  Window window_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::MaxPool2d& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::MaxPool2d, PreparedMaxPool2d>>(layer, context);
}

}  // namespace pliant::backends::cpu

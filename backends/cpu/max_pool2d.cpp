#include "layers/max_pool2d.hpp"

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/kernel.hpp"
#include "backends/cpu/parallel.hpp"
#include "backends/cpu/window_maximum.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

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
                 for (std::int64_t p = begin; p < end; ++p, pixel.next(w)) {
                   const float* image = inputs[0].data + pixel.image * w.height * w.width * w.channels;
                   const auto at = [&](std::int64_t y, std::int64_t x) {
                     return image + (y * w.width + x) * w.channels;
                   };
                   window_maximum(context_.simd().window, w, pixel.y, pixel.x, at,
                                  outputs[0].data + p * w.channels);
                 }
               });
  }

 private:
  const CpuContext& context_;
  Window window_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::MaxPool2d& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::MaxPool2d, PreparedMaxPool2d>>(layer, context);
}

}  // namespace pliant::backends::cpu

#include "layers/avg_pool2d.hpp"

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/kernel.hpp"
#include "backends/cpu/parallel.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// One window along one axis.
struct Span {
  std::int64_t begin = 0;  // inside of the picture
  std::int64_t end = 0;
  std::int64_t padded = 0;  // its size in the padded picture

  Span(std::int64_t index, std::int64_t stride, std::int64_t padding, std::int64_t kernel,
       std::int64_t size) {
    const std::int64_t first = index * stride - padding;
    const std::int64_t last = std::min(first + kernel, size + padding);
    padded = last - first;
    begin = std::max<std::int64_t>(first, 0);
    end = std::min(last, size);
  }
  std::int64_t size() const { return end - begin; }
};

class PreparedAvgPool2d final : public Prepared {
 public:
  PreparedAvgPool2d(const layers::AvgPool2d& layer, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        window_(pooling_window(layer, arguments.inputs[0], arguments.outputs[0])),
        count_include_pad_(layer.count_include_pad),
        divisor_override_(layer.divisor_override) {
    if (window_.taps() > kBatch)
      batch_bytes_ = core::align_up(static_cast<std::size_t>(window_.channels) * sizeof(float));
  }

  std::string algorithm() const override {
    return core::message("average ", window_.kernel_h, "x", window_.kernel_w, " ", name_of(context_.isa()));
  }

  std::size_t workspace_bytes() const override {
    return static_cast<std::size_t>(context_.threads()) * batch_bytes_;
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    const Window& w = window_;
    for_ranges(context_.pool(), w.pixels(), grain_of(w.channels * 4 * std::min<std::int64_t>(w.taps(), 64)),
               [&](std::int64_t begin, std::int64_t end, int thread) {
                 auto* batch =
                     reinterpret_cast<float*>(workspace + static_cast<std::size_t>(thread) * batch_bytes_);
                 Pixel pixel(w, begin);
                 for (std::int64_t p = begin; p < end; ++p, pixel.next(w))
                   pool_pixel(inputs[0].data, pixel, outputs[0].data + p * w.channels, batch);
               });
  }

 private:
  static constexpr std::int64_t kBatch = 32;

  void pool_pixel(const float* input, const Pixel& pixel, float* to, float* batch) const {
    const Window& w = window_;
    const Span rows(pixel.y, w.stride_h, w.padding_h, w.kernel_h, w.height);
    const Span columns(pixel.x, w.stride_w, w.padding_w, w.kernel_w, w.width);
    if (rows.size() <= 0 || columns.size() <= 0) {
      std::fill_n(to, w.channels, 0.0f);
      return;
    }
    const float* image = input + pixel.image * w.height * w.width * w.channels;
    // Pixels are added in batches: windows have any size, the stack has not. Each batch by itself, so that
    // sums of large windows lose no accuracy.
    const float* pixels[kBatch];
    std::int64_t count = 0;
    bool first = true;
    const auto add_batch = [&] {
      context_.simd().window.sum(pixels, count, w.channels, first ? to : batch);
      if (!first) context_.simd().element.add(to, batch, to, w.channels);
      first = false;
      count = 0;
    };
    for (std::int64_t y = rows.begin; y < rows.end; ++y)
      for (std::int64_t x = columns.begin; x < columns.end; ++x) {
        if (count == kBatch) add_batch();
        pixels[count++] = image + (y * w.width + x) * w.channels;
      }
    add_batch();
    const std::int64_t divisor = divisor_override_ != 0 ? divisor_override_
                                 : count_include_pad_   ? rows.padded * columns.padded
                                                        : rows.size() * columns.size();
    context_.simd().element.div_scalar(to, static_cast<float>(divisor), to, w.channels);
  }

  const CpuContext& context_;
  Window window_;
  bool count_include_pad_;
  std::int64_t divisor_override_;
  std::size_t batch_bytes_ = 0;  // of one thread: the sum of a batch
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::AvgPool2d& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::AvgPool2d, PreparedAvgPool2d>>(layer, context);
}

}  // namespace pliant::backends::cpu

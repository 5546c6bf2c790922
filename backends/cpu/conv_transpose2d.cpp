// By output phase: pixels whose coordinates agree modulo the stride see the same taps, so each phase is a
// convolution of its own over the input, written to every stride-th pixel.
#include "layers/conv_transpose2d.hpp"

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/parallel.hpp"
#include "backends/cpu/pixel_shuffle.hpp"
#include "backends/cpu/transposed_phases.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// Most pixels of a product, and pointers that a thread keeps.
constexpr std::int64_t kMostPixels = 96;
constexpr std::int64_t kMostPointers = 1 << 16;

class PreparedConvTranspose2d final : public Prepared {
 public:
  PreparedConvTranspose2d(const layers::ConvTranspose2d& layer, Weights weights,
                          const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        activation_(layer.epilogue.activation),
        window_(
            window_of(layer, weight_shape(weights, layer.weight), arguments.inputs[0], arguments.outputs[0])),
        bias_(weight_data(weights, layer.bias)),
        phases_y_(window_.kernel_h, window_.stride_h, window_.dilation_h),
        phases_x_(window_.kernel_w, window_.stride_w, window_.dilation_w),
        packed_(packed_phases(window_, phases_y_, phases_x_, context_, arguments.packs, layer.weight,
                              weight_data(weights, layer.weight))),
        zeros_(make_zeros(window_.channels)) {
    const std::int64_t taps = phases_y_.most_taps() * phases_x_.most_taps();
    pixels_ = std::clamp<std::int64_t>(kMostPointers / taps, 1, kMostPixels);
    ScratchLayout scratch;
    scratch.add<const float*>(pixels_ * taps);
    thread_bytes_ = scratch.bytes();
  }

  std::string algorithm() const override {
    return core::message("phase gemm ", window_.kernel_h, "x", window_.kernel_w, " ",
                         name_of(context_.isa()));
  }
  std::size_t workspace_bytes() const override {
    return thread_bytes_ * static_cast<std::size_t>(context_.threads());
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    const Window& w = window_;
    context_.pool().parallel_for(w.batch * w.out_height, [&](std::int64_t row, int thread) {
      auto** rows =
          reinterpret_cast<const float**>(workspace + static_cast<std::size_t>(thread) * thread_bytes_);
      const std::int64_t image = row / w.out_height;
      const std::int64_t y = row % w.out_height;
      const std::int64_t phases = std::min(w.stride_w, w.out_width);
      for (std::int64_t x = 0; x < phases; ++x)
        run_phase(inputs[0].data + image * w.height * w.width * w.channels, y, x,
                  outputs[0].data + row * w.out_width * w.out_channels, rows);
    });
  }

 private:
  /// Output pixels (y, x0), (y, x0 + stride), ...
  void run_phase(const float* image, std::int64_t y, std::int64_t x0, float* row, const float** rows) const {
    const Window& w = window_;
    const Phase* phase_y = phases_y_.of(y + w.padding_h);
    const Phase* phase_x = phases_x_.of(x0 + w.padding_w);
    const bool empty = phase_y == nullptr || phase_x == nullptr;
    const std::int64_t taps = empty ? 0 : phase_y->count() * phase_x->count();
    const std::int64_t count = ceil_div(w.out_width - x0, w.stride_w);
    for (std::int64_t begin = 0; begin < count; begin += pixels_) {
      const std::int64_t m = std::min(pixels_, count - begin);
      const std::int64_t x = x0 + begin * w.stride_w;
      if (!empty) point_phase(image, *phase_y, *phase_x, y, x, m, rows);
      for (std::int64_t g = 0; g < w.groups; ++g) {
        GemmRows a;
        a.m = m;
        a.rows = rows;
        a.row_stride = taps;
        a.segments = taps;
        a.length = w.group_channels();
        a.offset = g * w.group_channels();
        GemmOutput out;
        const std::int64_t first = g * w.group_outputs();
        out.c = row + x * w.out_channels + first;
        out.ldc = w.stride_w * w.out_channels;
        out.bias = bias_ == nullptr ? nullptr : bias_ + first;
        out.activation = activation_;
        multiply(context_.simd(), packed_->at(phase_y, phase_x, g), a, out);
      }
    }
  }

  void point_phase(const float* image, const Phase& phase_y, const Phase& phase_x, std::int64_t y,
                   std::int64_t x, std::int64_t m, const float** rows) const {
    const Window& w = window_;
    for (std::int64_t p = 0; p < m; ++p, x += w.stride_w)
      for (const std::int64_t i : phase_y.taps) {
        // Divides exactly, that is what the phase says; rounding is of no matter below 0.
        const std::int64_t from_y = y + w.padding_h - i * w.dilation_h;
        for (const std::int64_t j : phase_x.taps) {
          const std::int64_t from_x = x + w.padding_w - j * w.dilation_w;
          const bool inside =
              from_y >= 0 && from_x >= 0 && from_y / w.stride_h < w.height && from_x / w.stride_w < w.width;
          *rows++ = inside ? image + (from_y / w.stride_h * w.width + from_x / w.stride_w) * w.channels
                           : zeros_.floats();
        }
      }
  }

  const CpuContext& context_;
  layers::Activation activation_;
  Window window_;
  const float* bias_;
  Phases phases_y_;
  Phases phases_x_;
  std::shared_ptr<const PackedPhases> packed_;
  core::Buffer zeros_;
  std::int64_t pixels_ = 1;
  std::size_t thread_bytes_ = 0;
};

class ConvTranspose2dKernel final : public Kernel {
 public:
  ConvTranspose2dKernel(const layers::ConvTranspose2d& layer, const layers::NodeContext& context)
      : layer_(layer), weights_(context.weights()) {}
  std::unique_ptr<Prepared> prepare(const PrepareArguments& arguments) const override {
    if (layer_.next_weight.present()) return prepare_pixel_shuffle_pair(layer_, weights_, arguments);
    if (is_pixel_shuffle(layer_, weights_, arguments))
      return prepare_pixel_shuffle(layer_, weights_, arguments);
    return std::make_unique<PreparedConvTranspose2d>(layer_, weights_, arguments);
  }

 private:
  layers::ConvTranspose2d layer_;
  Weights weights_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::ConvTranspose2d& layer,
                                    const layers::NodeContext& context) {
  return std::make_unique<ConvTranspose2dKernel>(layer, context);
}

}  // namespace pliant::backends::cpu

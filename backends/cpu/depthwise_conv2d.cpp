#include "backends/cpu/depthwise_conv2d.hpp"

#include "backends/cpu/activation.hpp"
#include "backends/cpu/parallel.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// [taps][C]
std::shared_ptr<const core::Buffer> pack_taps(const Window& w, PackCache& packs, layers::WeightId id,
                                              const float* weight) {
  return packs.get<core::Buffer>({id.index, "taps"}, [&] {
    core::Buffer packed(static_cast<std::size_t>(w.taps() * w.channels) * sizeof(float));
    for (std::int64_t t = 0; t < w.taps(); ++t)
      for (std::int64_t c = 0; c < w.channels; ++c)
        packed.floats()[t * w.channels + c] = weight[c * w.taps() + t];
    const std::size_t bytes = packed.bytes();
    return std::pair{std::shared_ptr<const core::Buffer>(std::make_shared<core::Buffer>(std::move(packed))),
                     bytes};
  });
}

/// What both ways share.
class DepthwiseConv2d : public Prepared {
 public:
  DepthwiseConv2d(const layers::Conv2d& layer, Weights weights, const Window& w,
                  const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        window_(w),
        epilogue_(layer.epilogue),
        hardswish_(hardswish_numbers(epilogue_.scale, epilogue_.shift)),
        bias_(weight_data(weights, layer.bias)),
        packed_(pack_taps(w, arguments.packs, layer.weight, weight_data(weights, layer.weight))) {}

  std::string algorithm() const override {
    return core::message("depthwise ", window_.kernel_h, "x", window_.kernel_w, " ", name_of(context_.isa()));
  }

 protected:
  bool is(layers::Activation activation) const { return epilogue_.activation == activation; }

  const CpuContext& context_;
  Window window_;
  layers::Epilogue epilogue_;
  HardswishNumbers hardswish_;
  const float* bias_;
  std::shared_ptr<const core::Buffer> packed_;
};

/// Row by row.
class DepthwiseRows final : public DepthwiseConv2d {
 public:
  using Function = void (*)(const DepthwiseRow&);
  /// Null where there is none for such a window.
  static Function choose(const Window& w, const CpuContext& context) {
    const bool usual = (w.kernel_w == 3 || w.kernel_w == 5) && w.stride_w <= 2 && w.dilation_w == 1;
    return usual ? context.simd().depthwise.row[w.kernel_w == 5][w.stride_w == 2] : nullptr;
  }
  using DepthwiseConv2d::DepthwiseConv2d;

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    const Window& w = window_;
    const Function function = choose(w, context_);
    DepthwiseRow usual;
    usual.row = w.dilation_h * w.width * w.channels;
    usual.width = w.width;
    usual.padding = w.padding_w;
    usual.channels = w.channels;
    usual.outputs = w.out_width;
    usual.bias = bias_;
    usual.relu = is(layers::Activation::kReLU);
    usual.hardswish = is(layers::Activation::kHardswish) ? &hardswish_ : nullptr;
    const float* residual = epilogue_.residual ? inputs.back().data : nullptr;
    const std::int64_t row_floats = w.out_width * w.channels;
    for_ranges(context_.pool(), w.batch * w.out_height, grain_of(row_floats * w.kernel_w * 4),
               [&](std::int64_t begin, std::int64_t end, int) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   DepthwiseRow row = usual;
                   row.y = outputs[0].data + i * row_floats;
                   row.residual = residual == nullptr ? nullptr : residual + i * row_floats;
                   find_inputs(inputs[0].data, i, row);
                   function(row);
                   if (is_left_by_hardswish(epilogue_.activation))
                     activate(context_.simd().element, epilogue_, row.y, row_floats);
                 }
               });
  }

 private:
  /// Which of the window's rows lie in the picture.
  void find_inputs(const float* input, std::int64_t output_row, DepthwiseRow& row) const {
    const Window& w = window_;
    const std::int64_t y = output_row % w.out_height * w.stride_h - w.padding_h;
    const std::int64_t first = y < 0 ? ceil_div(-y, w.dilation_h) : 0;
    const std::int64_t last = y < w.height ? std::min(w.kernel_h, ceil_div(w.height - y, w.dilation_h)) : 0;
    row.rows = std::max<std::int64_t>(0, last - first);
    row.weights = packed_->floats() + first * w.kernel_w * w.channels;
    row.input = input;
    if (row.rows > 0)
      row.input += (output_row / w.out_height * w.height + y + first * w.dilation_h) * w.width * w.channels;
  }
};

/// Pixel by pixel: any window.
class DepthwisePixels final : public DepthwiseConv2d {
 public:
  DepthwisePixels(const layers::Conv2d& layer, Weights weights, const Window& w,
                  const PrepareArguments& arguments)
      : DepthwiseConv2d(layer, weights, w, arguments), zeros_(make_zeros(w.channels)) {
    grain_ = std::min(grain_of(w.channels * w.taps() * 4), w.out_width);
    ScratchLayout scratch;
    scratch.add<const float*>(grain_ * w.taps());
    thread_bytes_ = scratch.bytes();
  }

  std::size_t workspace_bytes() const override {
    return thread_bytes_ * static_cast<std::size_t>(context_.threads());
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    const std::int64_t channels = window_.channels;
    const auto& simd = context_.simd();
    const float* residual = epilogue_.residual ? inputs.back().data : nullptr;
    for_ranges(
        context_.pool(), window_.pixels(), grain_, [&](std::int64_t begin, std::int64_t end, int thread) {
          auto** rows =
              reinterpret_cast<const float**>(workspace + static_cast<std::size_t>(thread) * thread_bytes_);
          point_rows(window_, inputs[0].data, zeros_.floats(), begin, end, rows);
          for (std::int64_t p = begin; p < end; ++p)
            simd.window.depthwise(rows + (p - begin) * window_.taps(), window_.taps(), channels,
                                  packed_->floats(), bias_,
                                  residual == nullptr ? nullptr : residual + p * channels,
                                  is(layers::Activation::kReLU), outputs[0].data + p * channels);
          if (is_left_by_relu(epilogue_.activation))
            activate(simd.element, epilogue_, outputs[0].data + begin * channels, (end - begin) * channels);
        });
  }

 private:
  core::Buffer zeros_;
  std::int64_t grain_ = 1;
  std::size_t thread_bytes_ = 0;
};

}  // namespace

bool is_depthwise(const Window& w) {
  return w.groups > 1 && w.groups == w.channels && w.out_channels == w.channels;
}

std::unique_ptr<Prepared> prepare_depthwise(const layers::Conv2d& layer, Weights weights, const Window& w,
                                            const PrepareArguments& arguments) {
  if (DepthwiseRows::choose(w, cpu_context(arguments)) != nullptr)
    return std::make_unique<DepthwiseRows>(layer, weights, w, arguments);
  return std::make_unique<DepthwisePixels>(layer, weights, w, arguments);
}

}  // namespace pliant::backends::cpu

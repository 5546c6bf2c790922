#include "backends/cpu/depthwise_conv2d.hpp"

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

class DepthwiseConv2d final : public Prepared {
 public:
  DepthwiseConv2d(const layers::Conv2d& layer, Weights weights, const Window& w,
                  const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        window_(w),
        epilogue_(layer.epilogue),
        bias_(weight_data(weights, layer.bias)),
        packed_(pack_taps(w, arguments.packs, layer.weight, weight_data(weights, layer.weight))),
        zeros_(make_zeros(w.channels)) {
    grain_ = std::min(grain_of(w.channels * w.taps() * 4), w.out_width);
    ScratchLayout scratch;
    scratch.add<const float*>(grain_ * w.taps());
    thread_bytes_ = scratch.bytes();
  }

  std::string algorithm() const override {
    return core::message("depthwise ", window_.kernel_h, "x", window_.kernel_w, " ", name_of(context_.isa()));
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
            simd.window.depthwise(
                rows + (p - begin) * window_.taps(), window_.taps(), channels, packed_->floats(), bias_,
                residual == nullptr ? nullptr : residual + p * channels,
                epilogue_.activation == layers::Activation::kReLU, outputs[0].data + p * channels);
          float* y = outputs[0].data + begin * channels;
          if (epilogue_.activation == layers::Activation::kSigmoid)
            simd.element.sigmoid(y, y, (end - begin) * channels);
        });
  }

 private:
  const CpuContext& context_;
  Window window_;
  layers::Epilogue epilogue_;
  const float* bias_;
  std::shared_ptr<const core::Buffer> packed_;
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
  return std::make_unique<DepthwiseConv2d>(layer, weights, w, arguments);
}

}  // namespace pliant::backends::cpu

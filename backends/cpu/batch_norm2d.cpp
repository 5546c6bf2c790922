#include "layers/batch_norm2d.hpp"

#include <cmath>

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {
namespace {

class PreparedBatchNorm2d final : public Prepared {
 public:
  PreparedBatchNorm2d(const layers::BatchNorm2d& layer, Weights weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)), channels_(arguments.inputs[0][1]) {
    const float* weight = weight_data(weights, layer.weight);
    const float* bias = weight_data(weights, layer.bias);
    const float* mean = weight_data(weights, layer.mean);
    const float* var = weight_data(weights, layer.var);
    for (std::int64_t c = 0; c < channels_; ++c) {
      const double scale = (weight == nullptr ? 1.0 : weight[c]) / std::sqrt(double{var[c]} + layer.eps);
      scale_.push_back(static_cast<float>(scale));
      shift_.push_back(static_cast<float>((bias == nullptr ? 0.0 : bias[c]) - mean[c] * scale));
    }
  }

  std::string algorithm() const override { return "scale and shift " + std::string(name_of(context_.isa())); }
  int in_place_input() const override { return 0; }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    if (channels_ == 0) return;
    const std::int64_t pixels = inputs[0].shape.elements() / channels_;
    for_ranges(
        context_.pool(), pixels, grain_of(channels_ * 8), [&](std::int64_t begin, std::int64_t end, int) {
          for (std::int64_t p = begin; p < end; ++p)
            context_.simd().element.scale_shift(inputs[0].data + p * channels_, scale_.data(), shift_.data(),
                                                outputs[0].data + p * channels_, channels_);
        });
  }

 private:
  const CpuContext& context_;
  std::int64_t channels_;
  std::vector<float> scale_;
  std::vector<float> shift_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::BatchNorm2d& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::BatchNorm2d, PreparedBatchNorm2d>>(layer, context);
}

}  // namespace pliant::backends::cpu

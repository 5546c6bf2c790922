#include "layers/upsample.hpp"

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {
namespace {

class PreparedUpsample final : public Prepared {
 public:
  PreparedUpsample(const layers::Upsample& layer, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)), x_(arguments.inputs[0]), y_(arguments.outputs[0]) {
    rows_ = layers::nearest_indices(x_[2], y_[2], layer.to_size, layer.scale_h);
    columns_ = layers::nearest_indices(x_[3], y_[3], layer.to_size, layer.scale_w);
  }

  std::string algorithm() const override { return "nearest"; }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    const std::int64_t channels = y_[1];
    const std::int64_t height = y_[2];
    const std::int64_t width = y_[3];
    for_ranges(context_.pool(), y_[0] * height, grain_of(width * channels * 4),
               [&](std::int64_t begin, std::int64_t end, int) {
                 for (std::int64_t row = begin; row < end; ++row) {
                   const std::int64_t source =
                       row / height * x_[2] + rows_[static_cast<std::size_t>(row % height)];
                   const float* from = inputs[0].data + source * x_[3] * channels;
                   float* to = outputs[0].data + row * width * channels;
                   for (const std::int32_t column : columns_) {
                     std::copy_n(from + column * channels, channels, to);
                     to += channels;
                   }
                 }
               });
  }

 private:
  const CpuContext& context_;
  Shape x_;
  Shape y_;
  std::vector<std::int32_t> rows_;     // source row of each output row
  std::vector<std::int32_t> columns_;  // likewise
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Upsample& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Upsample, PreparedUpsample>>(layer, context);
}

}  // namespace pliant::backends::cpu

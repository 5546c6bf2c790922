#include "layers/constant.hpp"

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/parallel.hpp"
#include "backends/cpu/permuted_copy.hpp"

namespace pliant::backends::cpu {
namespace {

/// Copies the weight into the arena, where later layers may overwrite it. A picture is brought into the
/// arena's order once a model.
class PreparedConstant final : public Prepared {
 public:
  PreparedConstant(const layers::Constant& layer, Weights weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)), data_(weight_data(weights, layer.weight)) {
    const Shape& shape = arguments.outputs[0];
    const PermutedCopy copy = PermutedCopy::from_row_major(shape);
    if (copy.is_plain()) return;
    packed_ = arguments.packs.get<core::Buffer>({layer.weight.index, "nhwc"}, [&] {
      const auto bytes = static_cast<std::size_t>(shape.elements()) * sizeof(float);
      auto buffer = std::make_shared<core::Buffer>(bytes);
      copy.run(context_.pool(), data_, buffer->floats());
      return std::pair{std::shared_ptr<const core::Buffer>(std::move(buffer)), bytes};
    });
    data_ = packed_->floats();
  }

  std::string algorithm() const override { return "copy"; }
  void run(Inputs, Outputs outputs, std::byte*) const override {
    copy_rows(context_.pool(), data_, 0, outputs[0].data, 0, 1, outputs[0].shape.elements());
  }

 private:
  const CpuContext& context_;
  const float* data_;
  std::shared_ptr<const core::Buffer> packed_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Constant& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Constant, PreparedConstant>>(layer, context);
}

}  // namespace pliant::backends::cpu

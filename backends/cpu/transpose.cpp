#include "layers/transpose.hpp"

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/memory_order.hpp"
#include "backends/cpu/permuted_copy.hpp"

namespace pliant::backends::cpu {
namespace {

PermutedCopy copy_of(const layers::Transpose& layer, const Shape& x, const Shape& y) {
  const Shape sizes = memory_order(y);
  const auto x_strides = memory_strides(x);
  std::array<std::int64_t, Shape::kMaxRank> strides{};
  for (int axis = 0; axis < y.rank(); ++axis)
    strides[static_cast<std::size_t>(memory_axis(y.rank(), axis))] =
        x_strides[static_cast<std::size_t>(layer.perm[static_cast<std::size_t>(axis)])];
  return PermutedCopy(sizes.sizes(), strides);
}

class PreparedTranspose final : public Prepared {
 public:
  PreparedTranspose(const layers::Transpose& layer, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)), copy_(copy_of(layer, arguments.inputs[0], arguments.outputs[0])) {}

  std::string algorithm() const override { return copy_.is_plain() ? "copy" : "transposed copy"; }
  int in_place_input() const override { return copy_.is_plain() ? 0 : -1; }
  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    copy_.run(context_.pool(), inputs[0].data, outputs[0].data);
  }

 private:
  const CpuContext& context_;
  PermutedCopy copy_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Transpose& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Transpose, PreparedTranspose>>(layer, context);
}

}  // namespace pliant::backends::cpu

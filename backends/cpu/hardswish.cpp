#include "layers/hardswish.hpp"

#include "backends/cpu/unary.hpp"

namespace pliant::backends::cpu {
namespace {

std::array<float, 2> parameters(const layers::Hardswish&) {
  const HardswishNumbers numbers;
  return {numbers.sixth, numbers.shift};
}

using PreparedHardswish = PreparedUnaryWith<layers::Hardswish, &ElementKernels::hardswish, &parameters>;

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Hardswish& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Hardswish, PreparedHardswish>>(layer, context);
}

}  // namespace pliant::backends::cpu

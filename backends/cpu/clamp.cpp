#include "layers/clamp.hpp"

#include "backends/cpu/unary.hpp"

namespace pliant::backends::cpu {
namespace {

std::array<float, 2> parameters(const layers::Clamp& layer) {
  return {to_float(layer.min), to_float(layer.max)};
}

using PreparedClamp = PreparedUnaryWith<layers::Clamp, &ElementKernels::clamp, &parameters>;

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Clamp& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Clamp, PreparedClamp>>(layer, context);
}

}  // namespace pliant::backends::cpu

#include "layers/leaky_relu.hpp"

#include "backends/cpu/unary.hpp"

namespace pliant::backends::cpu {
namespace {

std::array<float, 2> parameters(const layers::LeakyReLU& layer) {
  return {to_float(layer.negative_slope), 0.0f};
}

using PreparedLeakyReLU = PreparedUnaryWith<layers::LeakyReLU, &ElementKernels::leaky_relu, &parameters>;

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::LeakyReLU& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::LeakyReLU, PreparedLeakyReLU>>(layer, context);
}

}  // namespace pliant::backends::cpu

#include "layers/relu.hpp"

#include "backends/cpu/unary.hpp"

namespace pliant::backends::cpu {

std::unique_ptr<Kernel> make_kernel(const layers::ReLU& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::ReLU, PreparedUnary<layers::ReLU, &ElementKernels::relu>>>(
      layer, context);
}

}  // namespace pliant::backends::cpu

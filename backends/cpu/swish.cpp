#include "layers/swish.hpp"

#include "backends/cpu/unary.hpp"

namespace pliant::backends::cpu {

std::unique_ptr<Kernel> make_kernel(const layers::Swish& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Swish, PreparedUnary<layers::Swish, &ElementKernels::swish>>>(
      layer, context);
}

}  // namespace pliant::backends::cpu

#include "layers/sigmoid.hpp"

#include "backends/cpu/unary.hpp"

namespace pliant::backends::cpu {

std::unique_ptr<Kernel> make_kernel(const layers::Sigmoid& layer, const layers::NodeContext& context) {
  return std::make_unique<
      LayerKernel<layers::Sigmoid, PreparedUnary<layers::Sigmoid, &ElementKernels::sigmoid>>>(layer, context);
}

}  // namespace pliant::backends::cpu

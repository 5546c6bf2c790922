#include "layers/hardswish.hpp"

#include "backends/cpu/unary.hpp"

namespace pliant::backends::cpu {

std::unique_ptr<Kernel> make_kernel(const layers::Hardswish& layer, const layers::NodeContext& context) {
  return std::make_unique<
      LayerKernel<layers::Hardswish, PreparedUnary<layers::Hardswish, &ElementKernels::hardswish>>>(layer,
                                                                                                    context);
}

}  // namespace pliant::backends::cpu

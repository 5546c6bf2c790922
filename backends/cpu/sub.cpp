#include "layers/sub.hpp"

#include "backends/cpu/binary.hpp"

namespace pliant::backends::cpu {
namespace {

BinaryOperation operation(const ElementKernels& element) {
  return {element.sub, element.sub_scalar, element.scalar_sub};
}

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Sub& layer, const layers::NodeContext&) {
  return std::make_unique<BinaryKernel<layers::Sub, &operation>>(layer);
}

}  // namespace pliant::backends::cpu

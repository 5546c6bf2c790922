#include "layers/div.hpp"

#include "backends/cpu/binary.hpp"

namespace pliant::backends::cpu {
namespace {

BinaryOperation operation(const ElementKernels& element) {
  return {element.div, element.div_scalar, element.scalar_div};
}

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Div& layer, const layers::NodeContext&) {
  return std::make_unique<BinaryKernel<layers::Div, &operation>>(layer);
}

}  // namespace pliant::backends::cpu

#include "layers/add.hpp"

#include "backends/cpu/binary.hpp"

namespace pliant::backends::cpu {
namespace {

BinaryOperation operation(const ElementKernels& element) {
  return {element.add, element.add_scalar, element.add_scalar};
}

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Add& layer, const layers::NodeContext&) {
  return std::make_unique<BinaryKernel<layers::Add, &operation>>(layer);
}

}  // namespace pliant::backends::cpu

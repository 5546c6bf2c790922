#include "layers/mul.hpp"

#include "backends/cpu/binary.hpp"

namespace pliant::backends::cpu {
namespace {

BinaryOperation operation(const ElementKernels& element) {
  return {element.mul, element.mul_scalar, element.mul_scalar};
}

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Mul& layer, const layers::NodeContext&) {
  return std::make_unique<BinaryKernel<layers::Mul, &operation>>(layer);
}

}  // namespace pliant::backends::cpu

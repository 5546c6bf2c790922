#include "layers/mul.hpp"

#include "backends/cpu/binary.hpp"

namespace pliant::backends::cpu {
namespace {

class MulKernel final : public Kernel {
 public:
  explicit MulKernel(const layers::Mul& layer) : layer_(layer) {}
  std::unique_ptr<Prepared> prepare(const PrepareArguments& arguments) const override {
    const ElementKernels& element = cpu_context(arguments).simd().element;
    return std::make_unique<PreparedBinary>(BinaryOperation{element.mul, element.mul_scalar},
                                            layer_.activation, arguments);
  }

 private:
  layers::Mul layer_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Mul& layer, const layers::NodeContext&) {
  return std::make_unique<MulKernel>(layer);
}

}  // namespace pliant::backends::cpu

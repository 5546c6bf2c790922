#include "layers/add.hpp"

#include "backends/cpu/binary.hpp"

namespace pliant::backends::cpu {
namespace {

class AddKernel final : public Kernel {
 public:
  explicit AddKernel(const layers::Add& layer) : layer_(layer) {}
  std::unique_ptr<Prepared> prepare(const PrepareArguments& arguments) const override {
    const ElementKernels& element = cpu_context(arguments).simd().element;
    return std::make_unique<PreparedBinary>(BinaryOperation{element.add, element.add_scalar},
                                            layer_.activation, arguments);
  }

 private:
  layers::Add layer_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Add& layer, const layers::NodeContext&) {
  return std::make_unique<AddKernel>(layer);
}

}  // namespace pliant::backends::cpu

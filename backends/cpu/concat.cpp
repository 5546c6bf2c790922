#include "layers/concat.hpp"

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/memory_order.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {
namespace {

class PreparedConcat final : public Prepared {
 public:
  PreparedConcat(const layers::Concat& layer, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)) {
    const Shape y = memory_order(arguments.outputs[0]);
    const int axis = memory_axis(y.rank(), layer.axis);
    rows_ = product(y, 0, axis);
    row_ = product(y, axis, y.rank());
    for (const Shape& input : arguments.inputs) {
      const Shape x = memory_order(input);
      pieces_.push_back(product(x, axis, x.rank()));
    }
  }

  std::string algorithm() const override { return "copy"; }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    float* to = outputs[0].data;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      copy_rows(context_.pool(), inputs[i].data, pieces_[i], to, row_, rows_, pieces_[i]);
      to += pieces_[i];
    }
  }

 private:
  const CpuContext& context_;
  std::int64_t rows_ = 0;
  std::int64_t row_ = 0;              // floats of an output row
  std::vector<std::int64_t> pieces_;  // floats of each input's part of it
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Concat& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Concat, PreparedConcat>>(layer, context);
}

}  // namespace pliant::backends::cpu

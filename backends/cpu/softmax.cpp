#include "layers/softmax.hpp"

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/memory_order.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {
namespace {

class PreparedSoftmax final : public Prepared {
 public:
  PreparedSoftmax(const layers::Softmax& layer, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)) {
    const Shape x = memory_order(arguments.inputs[0]);
    const int axis = memory_axis(x.rank(), layer.axis);
    outer_ = product(x, 0, axis);
    size_ = x[axis];
    inner_ = product(x, axis + 1, x.rank());
  }

  std::string algorithm() const override {
    return (inner_ == 1 ? "rows " : "columns ") + std::string(name_of(context_.isa()));
  }
  int in_place_input() const override { return 0; }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    if (size_ == 0) return;
    const float* x = inputs[0].data;
    float* y = outputs[0].data;
    const ReduceKernels& reduce = context_.simd().reduce;
    if (inner_ == 1) {
      for_ranges(context_.pool(), outer_, grain_of(size_ * 8),
                 [&](std::int64_t begin, std::int64_t end, int) {
                   for (std::int64_t i = begin; i < end; ++i)
                     reduce.softmax_row(x + i * size_, y + i * size_, size_);
                 });
      return;
    }
    // Columns in parts: each is read three times and should stay in the cache.
    constexpr std::int64_t kColumns = 64;
    const std::int64_t parts = ceil_div(inner_, kColumns);
    for_ranges(context_.pool(), outer_ * parts, grain_of(std::min(inner_, kColumns) * size_ * 8),
               [&](std::int64_t begin, std::int64_t end, int) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const std::int64_t first = i % parts * kColumns;
                   const std::int64_t at = i / parts * size_ * inner_ + first;
                   reduce.softmax_columns(x + at, y + at, inner_, size_, std::min(kColumns, inner_ - first));
                 }
               });
  }

 private:
  const CpuContext& context_;
  std::int64_t outer_ = 0;  // slower axes
  std::int64_t size_ = 0;
  std::int64_t inner_ = 0;  // floats of the faster axes
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Softmax& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Softmax, PreparedSoftmax>>(layer, context);
}

}  // namespace pliant::backends::cpu

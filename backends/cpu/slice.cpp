#include "layers/slice.hpp"

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/memory_order.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {
namespace {

class PreparedSlice final : public Prepared {
 public:
  PreparedSlice(const layers::Slice& layer, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)), step_(layer.step) {
    const Shape x = memory_order(arguments.inputs[0]);
    const int axis = memory_axis(x.rank(), layer.axis);
    const layers::SliceRange range = layers::slice_range(layer, x[axis]);
    first_ = range.first;
    count_ = range.count;
    size_ = x[axis];
    outer_ = product(x, 0, axis);
    inner_ = product(x, axis + 1, x.rank());
  }

  std::string algorithm() const override { return "copy"; }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    const float* from = inputs[0].data + first_ * inner_;
    float* to = outputs[0].data;
    if (step_ == 1 || count_ == 1) {
      copy_rows(context_.pool(), from, size_ * inner_, to, count_ * inner_, outer_, count_ * inner_);
      return;
    }
    for_ranges(context_.pool(), outer_ * count_, grain_of(inner_ * 4),
               [&](std::int64_t begin, std::int64_t end, int) {
                 for (std::int64_t i = begin; i < end; ++i)
                   std::copy_n(from + (i / count_ * size_ + i % count_ * step_) * inner_, inner_,
                               to + i * inner_);
               });
  }

 private:
  const CpuContext& context_;
  std::int64_t step_;
  std::int64_t first_ = 0;
  std::int64_t count_ = 0;
  std::int64_t size_ = 0;   // of the axis, before
  std::int64_t outer_ = 0;  // slower axes
  std::int64_t inner_ = 0;  // floats of the faster axes
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Slice& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Slice, PreparedSlice>>(layer, context);
}

}  // namespace pliant::backends::cpu

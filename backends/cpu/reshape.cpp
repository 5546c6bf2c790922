#include "layers/reshape.hpp"

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/permuted_copy.hpp"

namespace pliant::backends::cpu {
namespace {

/// The elements keep PyTorch's order, so a picture is brought into it and out of it again.
class PreparedReshape final : public Prepared {
 public:
  PreparedReshape(const layers::Reshape&, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        unpack_(PermutedCopy::to_row_major(arguments.inputs[0])),
        pack_(PermutedCopy::from_row_major(arguments.outputs[0])),
        same_(arguments.inputs[0] == arguments.outputs[0]),
        bytes_(static_cast<std::size_t>(arguments.inputs[0].elements()) * sizeof(float)) {}

  std::string algorithm() const override {
    return is_plain() ? "copy" : is_twice() ? "two transposed copies" : "transposed copy";
  }
  std::size_t workspace_bytes() const override { return is_twice() ? bytes_ : 0; }
  int in_place_input() const override { return is_plain() ? 0 : -1; }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    const float* from = inputs[0].data;
    if (is_twice()) {
      auto* row_major = reinterpret_cast<float*>(workspace);
      unpack_.run(context_.pool(), from, row_major);
      pack_.run(context_.pool(), row_major, outputs[0].data);
    } else if (is_plain()) {
      copy_plain(from, outputs[0].data);
    } else {
      (unpack_.is_plain() ? pack_ : unpack_).run(context_.pool(), from, outputs[0].data);
    }
  }

 private:
  bool is_plain() const { return same_ || (unpack_.is_plain() && pack_.is_plain()); }
  bool is_twice() const { return !same_ && !unpack_.is_plain() && !pack_.is_plain(); }
  void copy_plain(const float* from, float* to) const {
    const std::int64_t sizes[] = {static_cast<std::int64_t>(bytes_ / sizeof(float))};
    const std::int64_t strides[] = {1};
    PermutedCopy(sizes, strides).run(context_.pool(), from, to);
  }

  const CpuContext& context_;
  PermutedCopy unpack_;
  PermutedCopy pack_;
  bool same_;
  std::size_t bytes_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Reshape& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Reshape, PreparedReshape>>(layer, context);
}

}  // namespace pliant::backends::cpu

#include "layers/pad.hpp"

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/memory_order.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {
namespace {

/// Index in the input of each index of the result along one axis; -1 = the constant.
std::vector<std::int64_t> sources(layers::Pad::Mode mode, std::int64_t before, std::int64_t size,
                                  std::int64_t result) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < result; ++i) {
    std::int64_t at = i - before;
    if (at < 0 || at >= size) switch (mode) {
        case layers::Pad::Mode::kConstant:
          at = -1;
          break;
        case layers::Pad::Mode::kReflect:
          at = at < 0 ? -at : 2 * (size - 1) - at;
          break;
        case layers::Pad::Mode::kReplicate:
          at = at < 0 ? 0 : size - 1;
          break;
      }
    indices.push_back(at);
  }
  return indices;
}

class PreparedPad final : public Prepared {
 public:
  PreparedPad(const layers::Pad& layer, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)), value_(to_float(layer.value)) {
    const Shape& x = arguments.inputs[0];
    const Shape& y = arguments.outputs[0];
    const Shape x_sizes = memory_order(x);
    const Shape y_sizes = memory_order(y);
    std::array<std::int64_t, Shape::kMaxRank> before{};
    int last = -1;  // the fastest axis that changes
    for (int axis = 0; axis < x.rank(); ++axis) {
      const auto a = static_cast<std::size_t>(axis);
      const int at = memory_axis(x.rank(), axis);
      before[static_cast<std::size_t>(at)] = layer.before[a];
      if (layer.before[a] != 0 || layer.after[a] != 0) last = std::max(last, at);
    }
    inner_ = product(x_sizes, last + 1, x.rank());
    for (int i = 0; i <= last; ++i) {
      axes_.push_back({sources(layer.mode, before[static_cast<std::size_t>(i)], x_sizes[i], y_sizes[i]),
                       product(x_sizes, i + 1, x.rank())});
      if (i < last) rows_ *= y_sizes[i];
    }
  }

  std::string algorithm() const override { return axes_.empty() ? "copy" : "padded copy"; }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    if (axes_.empty()) {
      copy_rows(context_.pool(), inputs[0].data, 0, outputs[0].data, 0, 1, inner_);
      return;
    }
    const std::int64_t row = static_cast<std::int64_t>(axes_.back().source.size());
    const std::int64_t grain = grain_of(inner_ * 8);
    // Index = (row, place in the row): parts of long rows are tasks of their own.
    for_ranges(context_.pool(), rows_ * row, grain, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t i = begin; i < end;) {
        const std::int64_t stop = std::min(end, (i / row + 1) * row);
        pad_row(inputs[0].data, i / row, i % row, stop - i / row * row, outputs[0].data + i * inner_);
        i = stop;
      }
    });
  }

 private:
  struct Axis {
    std::vector<std::int64_t> source;
    std::int64_t stride = 1;  // floats in the input
  };

  /// Places [begin, end) of a row, a place being `inner_` floats.
  void pad_row(const float* input, std::int64_t row, std::int64_t begin, std::int64_t end, float* to) const {
    for (std::size_t a = axes_.size() - 1; a-- > 0;) {
      const Axis& axis = axes_[a];
      const auto size = static_cast<std::int64_t>(axis.source.size());
      const std::int64_t source = axis.source[static_cast<std::size_t>(row % size)];
      if (source < 0) {
        std::fill_n(to, (end - begin) * inner_, value_);
        return;
      }
      input += source * axis.stride;
      row /= size;
    }
    const std::vector<std::int64_t>& source = axes_.back().source;
    for (std::int64_t i = begin; i < end;) {
      // As many places as follow each other in the input, or are constant.
      const std::int64_t first = source[static_cast<std::size_t>(i)];
      const std::int64_t step = first < 0 ? 0 : 1;
      std::int64_t count = 1;
      while (i + count < end && source[static_cast<std::size_t>(i + count)] == first + count * step) ++count;
      if (first < 0)
        std::fill_n(to, count * inner_, value_);
      else
        std::copy_n(input + first * inner_, count * inner_, to);
      to += count * inner_;
      i += count;
    }
  }

  const CpuContext& context_;
  float value_;
  std::vector<Axis> axes_;  // in memory order, up to the fastest that changes
  std::int64_t rows_ = 1;   // of the last of them
  std::int64_t inner_ = 1;  // floats of the axes behind it
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Pad& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Pad, PreparedPad>>(layer, context);
}

}  // namespace pliant::backends::cpu

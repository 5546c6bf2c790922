#include "layers/mean.hpp"

#include <algorithm>
#include <vector>

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/memory_order.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {
namespace {

/// An axis of the input as it lies in memory.
struct Axis {
  std::int64_t size = 1;
  std::int64_t from = 0;  // floats from one index to the next
  std::int64_t to = 0;    // likewise in the result; of kept axes
};

/// Splits an index into those of the axes, the first is the fastest, and sums up what `stride` says of them.
std::int64_t offset_of(const std::vector<Axis>& axes, std::int64_t index, std::int64_t Axis::*stride) {
  std::int64_t offset = 0;
  for (const Axis& axis : axes) {
    offset += index % axis.size * (axis.*stride);
    index /= axis.size;
  }
  return offset;
}

std::int64_t count_of(const std::vector<Axis>& axes) {
  std::int64_t count = 1;
  for (const Axis& axis : axes) count *= axis.size;
  return count;
}

/// What is averaged, in this order: `rows` of `columns` results at once (where the fastest axis in memory is
/// kept; else there is one column, and a row is one float). Rows are summed up in short units in float32, the
/// units in double precision: the error stays that of one short sum, however many elements there are.
struct Reduction {
  std::vector<Axis> kept;     // but for the columns
  std::vector<Axis> reduced;  // but for the rows
  Axis columns;
  Axis rows;
  std::int64_t unit_rows = 1;
  bool contiguous = false;  // a row is one float, and rows follow each other

  Reduction(const layers::Mean& layer, const Shape& x, const Shape& y);
};

Reduction::Reduction(const layers::Mean& layer, const Shape& x, const Shape& y) {
  const auto from = memory_strides(x);
  const auto to = memory_strides(y);
  std::array<Axis, Shape::kMaxRank> in_memory{};  // sizes and strides of kept axes; `to` = -1: reduced
  int next = 0;                                   // axis of the result
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool is_reduced = std::binary_search(layer.axes.begin(), layer.axes.end(), axis);
    in_memory[static_cast<std::size_t>(memory_axis(x.rank(), axis))] = {
        x[axis], from[static_cast<std::size_t>(axis)], is_reduced ? -1 : to[static_cast<std::size_t>(next)]};
    if (!is_reduced || layer.keepdim) ++next;
  }
  bool last_reduced = false;
  bool first = true;
  for (int i = x.rank() - 1; i >= 0; --i) {  // from the fastest on
    const Axis& axis = in_memory[static_cast<std::size_t>(i)];
    if (axis.size == 1) continue;
    const bool is_reduced = axis.to < 0;
    std::vector<Axis>& axes = is_reduced ? reduced : kept;
    if (first) contiguous = is_reduced;
    Axis* last = !first && last_reduced == is_reduced && !axes.empty() ? &axes.back() : nullptr;
    if (last != nullptr && (is_reduced || axis.to == last->to * last->size))
      last->size *= axis.size;
    else
      axes.push_back(axis);
    last_reduced = is_reduced;
    first = false;
  }
  const auto take_fastest = [](std::vector<Axis>& axes, Axis& to_axis) {
    if (axes.empty()) return;
    to_axis = axes.front();
    axes.erase(axes.begin());
  };
  take_fastest(reduced, rows);
  if (!contiguous) take_fastest(kept, columns);
  constexpr std::int64_t kRowsOfOne = 1024;
  constexpr std::int64_t kRows = 64;
  unit_rows = contiguous ? kRowsOfOne : kRows;
}

class PreparedMean final : public Prepared {
 public:
  PreparedMean(const layers::Mean& layer, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        reduction_(layer, arguments.inputs[0], arguments.outputs[0]),
        kept_(count_of(reduction_.kept)),
        units_a_run_(ceil_div(reduction_.rows.size, reduction_.unit_rows)),
        units_(units_a_run_ * count_of(reduction_.reduced)),
        divisor_(static_cast<double>(reduction_.rows.size * count_of(reduction_.reduced))),
        parts_(ceil_div(reduction_.columns.size, kColumns)) {
    // Few results of many elements: several tasks add up each of them. A function of the shape alone.
    constexpr std::int64_t kTasks = 32;
    const std::int64_t unit_floats = reduction_.unit_rows * std::min(reduction_.columns.size, kColumns);
    const std::int64_t worth = ceil_div(units_ * unit_floats * 4, kBytesATask);
    groups_ =
        std::clamp<std::int64_t>(std::min(ceil_div(kTasks, std::max<std::int64_t>(1, kept_ * parts_)), worth),
                                 1, std::max<std::int64_t>(1, units_));
  }

  std::string algorithm() const override {
    return (reduction_.contiguous ? "rows " : "columns ") + std::string(name_of(context_.isa()));
  }
  std::size_t workspace_bytes() const override {
    return groups_ == 1
               ? 0
               : static_cast<std::size_t>(groups_ * kept_ * reduction_.columns.size) * sizeof(double);
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    auto* partial = reinterpret_cast<double*>(workspace);
    const std::int64_t columns = reduction_.columns.size;
    const std::int64_t group_units = ceil_div(units_, groups_);
    const std::int64_t bytes = group_units * reduction_.unit_rows * std::min(columns, kColumns) * 4;
    for_ranges(context_.pool(), kept_ * parts_ * groups_, grain_of(bytes),
               [&](std::int64_t begin, std::int64_t end, int) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   const std::int64_t group = i % groups_;
                   const std::int64_t kept = i / groups_ / parts_;
                   const std::int64_t first = i / groups_ % parts_ * kColumns;
                   const std::int64_t n = std::min(kColumns, columns - first);
                   double totals[kColumns];
                   const float* x = inputs[0].data + offset_of(reduction_.kept, kept, &Axis::from) + first;
                   add_units(x, group * group_units, std::min(units_, (group + 1) * group_units), n, totals);
                   if (groups_ > 1)
                     std::copy_n(totals, n, partial + (group * kept_ + kept) * columns + first);
                   else
                     store(totals, kept, first, n, outputs[0].data);
                 }
               });
    if (groups_ == 1) return;
    for (std::int64_t kept = 0; kept < kept_; ++kept)
      for (std::int64_t first = 0; first < columns; first += kColumns) {
        const std::int64_t n = std::min(kColumns, columns - first);
        double totals[kColumns] = {};
        for (std::int64_t group = 0; group < groups_; ++group)
          for (std::int64_t c = 0; c < n; ++c)
            totals[c] += partial[(group * kept_ + kept) * columns + first + c];
        store(totals, kept, first, n, outputs[0].data);
      }
  }

 private:
  static constexpr std::int64_t kColumns = 256;  // results that a task computes at once

  void add_units(const float* x, std::int64_t begin, std::int64_t end, std::int64_t n, double* totals) const {
    const Reduction& r = reduction_;
    const ReduceKernels& reduce = context_.simd().reduce;
    std::fill_n(totals, n, 0.0);
    float sums[kColumns];
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t row = unit % units_a_run_ * r.unit_rows;
      const std::int64_t count = std::min(r.unit_rows, r.rows.size - row);
      const float* from = x + offset_of(r.reduced, unit / units_a_run_, &Axis::from) + row * r.rows.from;
      if (r.contiguous) {
        totals[0] += reduce.sum(from, count);
        continue;
      }
      reduce.sum_rows(from, r.rows.from, count, n, sums);
      for (std::int64_t c = 0; c < n; ++c) totals[c] += sums[c];
    }
  }

  void store(const double* totals, std::int64_t kept, std::int64_t first, std::int64_t n, float* y) const {
    float* to = y + offset_of(reduction_.kept, kept, &Axis::to) + first * reduction_.columns.to;
    for (std::int64_t c = 0; c < n; ++c)
      to[c * reduction_.columns.to] = static_cast<float>(totals[c] / divisor_);
  }

  const CpuContext& context_;
  Reduction reduction_;
  std::int64_t kept_;
  std::int64_t units_a_run_;
  std::int64_t units_;
  double divisor_;
  std::int64_t parts_;  // of the columns
  std::int64_t groups_ = 1;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Mean& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Mean, PreparedMean>>(layer, context);
}

}  // namespace pliant::backends::cpu

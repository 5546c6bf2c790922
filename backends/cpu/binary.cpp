#include "backends/cpu/binary.hpp"

#include "backends/cpu/activation.hpp"
#include "backends/cpu/memory_order.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {

BroadcastLoops::BroadcastLoops(const Shape& a_shape, const Shape& b_shape, const Shape& y_shape,
                               layers::Pair upsample) {
  const Shape a = memory_order(a_shape);
  const Shape b = memory_order(b_shape);
  const Shape y = memory_order(y_shape);
  // From the fastest axis on; an axis that continues the one before it in both inputs is merged.
  std::array<Axis, Shape::kMaxRank> axes{};
  int count = 0;
  const auto add = [&](const Axis& axis) {
    if (axis.size == 1) return;
    Axis* last = count > 0 ? &axes[static_cast<std::size_t>(count - 1)] : nullptr;
    if (last != nullptr && axis.a == last->a * last->size && axis.b == last->b * last->size)
      last->size *= axis.size;
    else
      axes[static_cast<std::size_t>(count++)] = axis;
  };
  std::int64_t a_step = 1;
  std::int64_t b_step = 1;
  for (int i = y.rank() - 1; i >= 0; --i) {
    const std::int64_t factor = y.rank() != 4 ? 1 : i == 1 ? upsample.h : i == 2 ? upsample.w : 1;
    if (factor > 1) {  // some outputs for each element of b
      add({factor, a_step, 0});
      add({b[i], a_step * factor, b_step});
    } else {
      add({y[i], a[i] == 1 ? 0 : a_step, b[i] == 1 ? 0 : b_step});
    }
    a_step *= a[i];
    b_step *= b[i];
  }
  if (count > 0) row = axes[0];
  for (int i = 1; i < count; ++i) {
    outer[static_cast<std::size_t>(outer_rank++)] = axes[static_cast<std::size_t>(i)];
    rows *= axes[static_cast<std::size_t>(i)].size;
  }
}

namespace {

/// Where a row begins in both inputs; goes from row to row without divisions.
class RowCursor {
 public:
  RowCursor(const BroadcastLoops& loops, std::int64_t row) : loops_(loops) {
    for (std::size_t i = 0; i < rank(); ++i) {
      const BroadcastLoops::Axis& axis = loops_.outer[i];
      index_[i] = row % axis.size;
      a += index_[i] * axis.a;
      b += index_[i] * axis.b;
      row /= axis.size;
    }
  }
  void next() {
    for (std::size_t i = 0; i < rank(); ++i) {
      const BroadcastLoops::Axis& axis = loops_.outer[i];
      a += axis.a;
      b += axis.b;
      if (++index_[i] < axis.size) return;
      a -= axis.size * axis.a;
      b -= axis.size * axis.b;
      index_[i] = 0;
    }
  }

  std::int64_t a = 0, b = 0;  // floats from the inputs' first

 private:
  std::size_t rank() const { return static_cast<std::size_t>(loops_.outer_rank); }

  const BroadcastLoops& loops_;
  std::array<std::int64_t, Shape::kMaxRank> index_{};
};

}  // namespace

PreparedBinary::PreparedBinary(BinaryOperation operation, layers::Activation activation,
                               layers::Pair upsample, const PrepareArguments& arguments)
    : context_(cpu_context(arguments)),
      operation_(operation),
      activation_(activation),
      loops_(arguments.inputs[0], arguments.inputs[1], arguments.outputs[0], upsample) {
  for (int i = 1; i >= 0; --i)
    if (arguments.inputs[static_cast<std::size_t>(i)] == arguments.outputs[0]) in_place_ = i;
}

std::string PreparedBinary::algorithm() const {
  return "element-wise " + std::string(name_of(context_.isa()));
}

void PreparedBinary::run_piece(const float* a, const float* b, float* y, std::int64_t n) const {
  if (loops_.row.b == 0)
    operation_.scalar(a, *b, y, n);
  else if (loops_.row.a == 0)
    operation_.scalar_first(b, *a, y, n);
  else
    operation_.rows(a, b, y, n);
  activate(context_.simd().element, activation_, 1, 0, y, n);
}

void PreparedBinary::run(Inputs inputs, Outputs outputs, std::byte*) const {
  const BroadcastLoops::Axis& row = loops_.row;
  const std::int64_t most = kBytesATask / 4;
  const std::int64_t pieces = ceil_div(row.size, most);
  if (pieces == 0) return;
  const std::int64_t grain = pieces > 1 ? 1 : grain_of(row.size * 12);
  for_ranges(context_.pool(), loops_.rows * pieces, grain, [&](std::int64_t begin, std::int64_t end, int) {
    RowCursor cursor(loops_, begin / pieces);
    std::int64_t piece = begin % pieces;
    for (std::int64_t index = begin; index < end; ++index) {
      const std::int64_t first = piece * most;
      run_piece(inputs[0].data + cursor.a + first * row.a, inputs[1].data + cursor.b + first * row.b,
                outputs[0].data + index / pieces * row.size + first, std::min(most, row.size - first));
      if (++piece < pieces) continue;
      piece = 0;
      cursor.next();
    }
  });
}

}  // namespace pliant::backends::cpu

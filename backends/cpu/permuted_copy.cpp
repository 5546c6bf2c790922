#include "backends/cpu/permuted_copy.hpp"

#include <algorithm>

#include "backends/cpu/memory_order.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {

PermutedCopy::PermutedCopy(std::span<const std::int64_t> sizes, std::span<const std::int64_t> strides) {
  int count = 0;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] != 1) {
      Axis* last = count > 0 ? &axes_[static_cast<std::size_t>(count - 1)] : nullptr;
      if (last != nullptr && strides[i] == last->stride * last->size)
        last->size *= sizes[i];
      else
        axes_[static_cast<std::size_t>(count++)] = {sizes[i], strides[i], elements_};
    }
    elements_ *= sizes[i];
  }
  rank_ = std::max(count, 1);
  for (int i = 1; i < rank_; ++i)
    if (axes_[static_cast<std::size_t>(i)].stride < axes_[static_cast<std::size_t>(source_row_)].stride)
      source_row_ = i;
}

PermutedCopy PermutedCopy::to_row_major(const Shape& shape) {
  return PermutedCopy(shape.sizes(), memory_strides(shape));
}

PermutedCopy PermutedCopy::from_row_major(const Shape& shape) {
  const Shape sizes = memory_order(shape);
  const auto strides = row_major_strides(shape);
  std::array<std::int64_t, Shape::kMaxRank> in_memory{};
  for (int axis = 0; axis < shape.rank(); ++axis)
    in_memory[static_cast<std::size_t>(memory_axis(shape.rank(), axis))] =
        strides[static_cast<std::size_t>(axis)];
  return PermutedCopy(sizes.sizes(), in_memory);
}

void PermutedCopy::run(core::ThreadPool& pool, const float* from, float* to) const {
  if (elements_ == 0 || (is_plain() && from == to)) return;
  if (source_row_ == 0 && axes_[0].stride == 1)
    run_rows(pool, from, to);
  else
    run_blocks(pool, from, to);
}

/// Where the outer-th row (or block: then both fast axes are left out) begins.
PermutedCopy::Place PermutedCopy::place_of(std::int64_t outer) const {
  Place place;
  for (int i = 1; i < rank_; ++i) {
    if (i == source_row_) continue;
    const Axis& axis = axes_[static_cast<std::size_t>(i)];
    const std::int64_t index = outer % axis.size;
    outer /= axis.size;
    place.from += index * axis.stride;
    place.to += index * axis.to_stride;
  }
  return place;
}

void PermutedCopy::run_rows(core::ThreadPool& pool, const float* from, float* to) const {
  const std::int64_t row = axes_[0].size;
  if (rank_ <= 2) return copy_rows(pool, from, axes_[1].stride, to, row, elements_ / row, row);
  for_ranges(pool, elements_ / row, grain_of(row * 8), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i) std::copy_n(from + place_of(i).from, row, to + i * row);
  });
}

/// The fastest axes of source and result differ: square blocks of both, so that each cache line is used
/// whole.
void PermutedCopy::run_blocks(core::ThreadPool& pool, const float* from, float* to) const {
  constexpr std::int64_t kBlock = 16;
  const Axis& a = axes_[0];  // contiguous in the result
  // An axis of one where the only axis has gaps in the source.
  const Axis b = source_row_ == 0 ? Axis{} : axes_[static_cast<std::size_t>(source_row_)];
  const std::int64_t strips = ceil_div(b.size, kBlock);
  const std::int64_t outer = elements_ / (a.size * b.size);
  for_ranges(pool, outer * strips, grain_of(a.size * kBlock * 8),
             [&](std::int64_t begin, std::int64_t end, int) {
               for (std::int64_t index = begin; index < end; ++index) {
                 const Place place = place_of(index / strips);
                 const std::int64_t b0 = index % strips * kBlock;
                 const std::int64_t b1 = std::min(b.size, b0 + kBlock);
                 for (std::int64_t a0 = 0; a0 < a.size; a0 += kBlock) {
                   const std::int64_t a1 = std::min(a.size, a0 + kBlock);
                   for (std::int64_t j = b0; j < b1; ++j) {
                     const float* source = from + place.from + j * b.stride;
                     float* target = to + place.to + j * b.to_stride;
                     for (std::int64_t i = a0; i < a1; ++i) target[i] = source[i * a.stride];
                   }
                 }
               }
             });
}

}  // namespace pliant::backends::cpu

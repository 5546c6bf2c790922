// Copies that change the order of axes.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/thread_pool.hpp"
#include "pliant/tensor.hpp"

namespace pliant::backends::cpu {

/// Writes a dense result whose axes, slowest first, have the given sizes, from elements that lie `strides`
/// floats apart along them. Axes that lie one in the other in both are one axis here.
class PermutedCopy {
 public:
  PermutedCopy(std::span<const std::int64_t> sizes, std::span<const std::int64_t> strides);

  /// The value in the arena of this shape -> its elements in PyTorch's order.
  static PermutedCopy to_row_major(const Shape& shape);
  /// And back.
  static PermutedCopy from_row_major(const Shape& shape);

  /// The order stays: the same bytes.
  bool is_plain() const noexcept { return rank_ == 1 && axes_[0].stride == 1; }
  /// The buffers must not overlap, but for a plain copy they may be the same.
  void run(core::ThreadPool& pool, const float* from, float* to) const;

 private:
  struct Axis {
    std::int64_t size = 1;
    std::int64_t stride = 1;     // floats in the source
    std::int64_t to_stride = 1;  // in the result
  };
  struct Place {
    std::int64_t from = 0;
    std::int64_t to = 0;
  };

  Place place_of(std::int64_t outer) const;
  void run_rows(core::ThreadPool& pool, const float* from, float* to) const;
  void run_blocks(core::ThreadPool& pool, const float* from, float* to) const;

  std::array<Axis, Shape::kMaxRank> axes_{};  // the fastest of the result first
  int rank_ = 1;
  int source_row_ = 0;  // the axis along which the source is fastest
  std::int64_t elements_ = 1;
};

}  // namespace pliant::backends::cpu

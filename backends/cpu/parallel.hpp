// Cutting work into parts for the threads of a session.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/buffer.hpp"
#include "core/thread_pool.hpp"

namespace pliant::backends::cpu {

/// What a task should at least touch, so that handing it out costs little.
inline constexpr std::int64_t kBytesATask = 64 * 1024;

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
constexpr std::int64_t round_up(std::int64_t a, std::int64_t b) { return ceil_div(a, b) * b; }

/// Calls body(begin, end, thread) for parts of [0, count) of `grain` indices (the last may be shorter).
template <class Body>
void for_ranges(core::ThreadPool& pool, std::int64_t count, std::int64_t grain, const Body& body) {
  grain = std::max<std::int64_t>(1, grain);
  pool.parallel_for(ceil_div(count, grain), [&](std::int64_t index, int thread) {
    const std::int64_t begin = index * grain;
    body(begin, std::min(count, begin + grain), thread);
  });
}

/// Indices a task, where one index touches `bytes`.
constexpr std::int64_t grain_of(std::int64_t bytes) {
  return std::max<std::int64_t>(1, kBytesATask / std::max<std::int64_t>(1, bytes));
}

/// Copies `rows` rows of `length` floats; strides in floats.
inline void copy_rows(core::ThreadPool& pool, const float* from, std::int64_t from_stride, float* to,
                      std::int64_t to_stride, std::int64_t rows, std::int64_t length) {
  const std::int64_t most = kBytesATask / 4;
  if (length > most) {  // few long rows: in pieces
    const std::int64_t pieces = ceil_div(length, most);
    pool.parallel_for(rows * pieces, [&](std::int64_t index, int) {
      const std::int64_t row = index / pieces;
      const std::int64_t begin = index % pieces * most;
      std::copy_n(from + row * from_stride + begin, std::min(most, length - begin),
                  to + row * to_stride + begin);
    });
    return;
  }
  for_ranges(pool, rows, grain_of(length * 4), [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t i = begin; i < end; ++i)
      std::copy_n(from + i * from_stride, length, to + i * to_stride);
  });
}

/// Lays out one thread's scratch memory: each part begins at a multiple of the alignment.
class ScratchLayout {
 public:
  /// Offset of a part of `count` elements of T.
  template <class T>
  std::size_t add(std::int64_t count) {
    const std::size_t offset = bytes_;
    bytes_ += core::align_up(static_cast<std::size_t>(count) * sizeof(T));
    return offset;
  }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

}  // namespace pliant::backends::cpu

// Matrix products, the work of all convolutions: C[m][n] = epilogue(A[m][k] * B[k][n]).
//
// A is given by pointers: row i consists of `segments` pieces of `length` contiguous floats, wherever they
// lie. A pixel's convolution window is such a row: one segment a tap, taps outside of the picture point at
// zeros. B is packed once a weight. C's rows are NHWC pixels. Sums run over k in one fixed order, in blocks
// that depend on k and the instruction set alone: the result of a row is the same in any tile and on any
// number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "backends/cpu/context.hpp"
#include "core/buffer.hpp"
#include "layers/epilogue.hpp"

namespace pliant::backends::cpu {

/// B[k][n] as panels [k][panel width]; the last panel is as many vectors wide as it needs, padded with zeros.
struct PackedMatrix {
  core::Buffer owned;     ///< empty where the elements lie in somebody else's memory
  float* data = nullptr;  ///< the panels
  std::int64_t k = 0;
  std::int64_t n = 0;
  std::int64_t panel = 0;   ///< columns of a whole panel
  std::int64_t vector = 0;  ///< floats of a vector

  std::int64_t panels() const { return (n + panel - 1) / panel; }
  std::int64_t panel_columns(std::int64_t p) const {
    const std::int64_t left = n - p * panel;
    return left < panel ? left : panel;
  }
  std::int64_t panel_width(std::int64_t p) const { return (panel_columns(p) + vector - 1) / vector * vector; }
  const float* panel_data(std::int64_t p) const { return data + p * panel * k; }
  std::size_t bytes() const {
    return static_cast<std::size_t>((n + vector - 1) / vector * vector * k) * sizeof(float);
  }
};

/// B of these sizes, still without memory: `data` is null.
PackedMatrix outline_matrix(const GemmKernels& kernels, std::int64_t k, std::int64_t n);

/// B of these sizes with its elements not yet set.
PackedMatrix allocate_matrix(const GemmKernels& kernels, std::int64_t k, std::int64_t n);

/// Sets rows [begin, end) of one panel from at(k, n). Some rows at a time: both the panel and the weights,
/// whose rows are the panel's columns, then stay in the first-level cache.
template <class At>
void fill_panel(PackedMatrix& b, std::int64_t p, std::int64_t begin, std::int64_t end, const At& at) {
  constexpr std::int64_t kRows = 16;
  float* to = b.data + p * b.panel * b.k;
  const std::int64_t width = b.panel_width(p);
  for (std::int64_t first = begin; first < end; first += kRows) {
    const std::int64_t last = std::min(end, first + kRows);
    for (std::int64_t j = 0; j < width; ++j) {
      const bool valid = p * b.panel + j < b.n;
      for (std::int64_t i = first; i < last; ++i) to[i * width + j] = valid ? at(i, p * b.panel + j) : 0.0f;
    }
  }
}

/// Packs B, whose elements are at(k, n).
template <class At>
PackedMatrix pack_matrix(const GemmKernels& kernels, std::int64_t k, std::int64_t n, const At& at) {
  PackedMatrix b = allocate_matrix(kernels, k, n);
  for (std::int64_t p = 0; p < b.panels(); ++p) fill_panel(b, p, 0, k, at);
  return b;
}

/// Sets all elements from at(k, n), by all threads of a session.
template <class At>
void fill_matrix(const CpuContext& context, PackedMatrix& b, const At& at) {
  constexpr std::int64_t kRows = 256;  // a task
  const std::int64_t parts = (b.k + kRows - 1) / kRows;
  context.pool().parallel_for(b.panels() * parts, [&](std::int64_t index, int) {
    const std::int64_t begin = index % parts * kRows;
    fill_panel(b, index / parts, begin, std::min(b.k, begin + kRows), at);
  });
}

/// Packs B by all threads of a session.
template <class At>
PackedMatrix pack_matrix(const CpuContext& context, std::int64_t k, std::int64_t n, const At& at) {
  PackedMatrix b = allocate_matrix(context.simd().gemm, k, n);
  fill_matrix(context, b, at);
  return b;
}

/// The weights of all groups of a convolution.
struct PackedWeights {
  std::vector<PackedMatrix> groups;
  std::size_t bytes() const;
};

/// Rows of A.
struct GemmRows {
  const float* const* rows = nullptr;  ///< row i, segment s: rows[i * row_stride + s]
  std::ptrdiff_t row_stride = 1;
  std::int64_t m = 0;
  std::int64_t segments = 1;
  std::int64_t length = 0;   ///< floats of a segment
  std::int64_t k_begin = 0;  ///< row of B that the first segment begins at
  std::int64_t offset = 0;   ///< into each segment (a group's channels)
};

/// Where C goes and what is done to it at the end of its last product.
struct GemmOutput {
  float* c = nullptr;
  std::ptrdiff_t ldc = 0;
  const float* bias = nullptr;      ///< [n] or null
  const float* residual = nullptr;  ///< rows like C's, or null; may be C. Added unless `accumulate`
  std::ptrdiff_t ldr = 0;
  layers::Activation activation = layers::Activation::kNone;
  float scale = 1;  ///< of the activation's result, as in layers::Epilogue
  float shift = 0;
  bool accumulate = false;  ///< adds to C, which holds earlier parts of the sum
  bool finish = true;       ///< the last part: epilogue

  /// What an epilogue does but for its residual.
  void activate(const layers::Epilogue& epilogue) {
    activation = epilogue.activation;
    scale = epilogue.scale;
    shift = epilogue.shift;
  }
};

/// Panels [panel_begin, panel_end) of A's rows times B. One thread.
void multiply(const SimdKernels& simd, const PackedMatrix& b, const GemmRows& a, const GemmOutput& out,
              std::int64_t panel_begin, std::int64_t panel_end);

/// All panels.
inline void multiply(const SimdKernels& simd, const PackedMatrix& b, const GemmRows& a,
                     const GemmOutput& out) {
  multiply(simd, b, a, out, 0, b.panels());
}

/// Rows of C that a task computes, and how the panels of B are shared between tasks.
struct GemmTiling {
  std::int64_t rows = 1;
  std::int64_t row_tiles = 1;
  std::int64_t panel_tiles = 1;
};

/// Balances `m` rows between threads; `most_rows` caps a tile. Any tiling gives the same result.
GemmTiling tile_gemm(const CpuContext& context, std::int64_t m, std::int64_t most_rows, std::int64_t k,
                     std::int64_t n, std::int64_t panels);

/// Part of the k dimension that is summed in registers at a time.
std::int64_t k_block(const GemmKernels& kernels);

/// A part of the k dimension: some whole segments, or a piece of one.
struct KBlock {
  std::int64_t segment = 0;
  std::int64_t segments = 0;
  std::int64_t offset = 0;  ///< into each segment
  std::int64_t length = 0;  ///< of each segment
  bool first = true;
  bool last = true;
};

/// Calls body(KBlock) for parts of about `block` that cover `segments` times `length`; once, with an empty
/// part, where there is nothing.
template <class Body>
void for_k_blocks(std::int64_t segments, std::int64_t length, std::int64_t block, const Body& body) {
  if (segments == 0 || length == 0) return body(KBlock{});
  if (length < block) {
    const std::int64_t most = block / length;
    const std::int64_t blocks = (segments + most - 1) / most;
    const std::int64_t whole = (segments + blocks - 1) / blocks;  // as even as can be
    for (std::int64_t s = 0; s < segments; s += whole)
      body(KBlock{s, std::min(whole, segments - s), 0, length, s == 0, s + whole >= segments});
    return;
  }
  const std::int64_t pieces = (length + block - 1) / block;
  const std::int64_t piece = (length + pieces - 1) / pieces;
  for (std::int64_t s = 0; s < segments; ++s)
    for (std::int64_t offset = 0; offset < length; offset += piece)
      body(KBlock{s, 1, offset, std::min(piece, length - offset), s == 0 && offset == 0,
                  s + 1 == segments && offset + piece >= length});
}

/// Names the form of packed weights in PackKey::form.
std::string gemm_form(const CpuContext& context);

/// C[m][n] = A[m][k] * W[n][k]^T by OpenBLAS; A's rows are lda, W's k floats apart. One thread. Throws
/// kInternal in a build without it.
void multiply_openblas(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
                       const float* w, float* c, std::int64_t ldc);

/// The epilogue as a pass of its own over m rows of n floats.
void apply_epilogue(const SimdKernels& simd, const GemmOutput& out, std::int64_t m, std::int64_t n);

}  // namespace pliant::backends::cpu

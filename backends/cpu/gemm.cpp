#include "backends/cpu/gemm.hpp"

#include <algorithm>
#include <mutex>

#include "backends/cpu/activation.hpp"
#include "backends/cpu/parallel.hpp"
#include "core/format.hpp"
#include "pliant/error.hpp"

#if PLIANT_OPENBLAS
#include <cblas.h>
extern "C" void pliant_gotoblas_init();  // OpenBLAS' start-up code (cmake/PliantDependencies.cmake)
#endif

namespace pliant::backends::cpu {
namespace {

/// A block of B's rows times a panel should stay in the first-level cache.
constexpr std::int64_t kPanelFloats = 8192;

/// The kernel of `vectors` for `rows` rows: the smallest that takes them all, or the largest there is.
struct Chosen {
  MicroKernel kernel;
  int rows;
};

Chosen choose_micro(const GemmKernels& kernels, std::int64_t vectors, std::int64_t rows) {
  const auto& family = kernels.micro[static_cast<std::size_t>(vectors - 1)];
  Chosen chosen{family[0], kMicroRows[0]};
  for (std::size_t i = 0; i < family.size() && family[i] != nullptr; ++i) {
    chosen = {family[i], kMicroRows[i]};
    if (kMicroRows[i] >= rows) break;
  }
  return chosen;
}

/// Shares the fetching of the next block of a panel, which lies behind this one of `floats`, between the
/// tiles of `m` rows; where these are few, it would cost more than it gives.
void fetch_ahead(MicroTile& tile, std::int64_t floats, std::int64_t row, std::int64_t m) {
  constexpr std::int64_t kMostFloats = 640;  // a tile
  constexpr std::int64_t kLine = 16;
  const std::int64_t part = floats * tile.m / m;
  tile.next_floats = part > kMostFloats ? 0 : part;
  tile.next_b = tile.b + floats + floats * row / m / kLine * kLine;
}

void multiply_block(const GemmKernels& kernels, const PackedMatrix& b, const GemmRows& a, const KBlock& block,
                    const GemmOutput& out, bool accumulate, bool finish, std::int64_t panel_begin,
                    std::int64_t panel_end) {
  // Rows of B run segment by segment; a piece of one segment begins inside it.
  const std::int64_t k = a.k_begin + block.segment * a.length + block.offset;
  const HardswishNumbers numbers = hardswish_numbers(out.scale, out.shift);
  for (std::int64_t p = panel_begin; p < panel_end; ++p) {
    const std::int64_t width = b.panel_width(p);
    const std::int64_t column = p * b.panel;
    MicroTile tile;
    tile.row_stride = a.row_stride;
    tile.segments = block.segments;
    tile.offset = a.offset + block.offset;
    tile.length = block.length;
    tile.b = b.panel_data(p) + k * width;
    tile.ldc = out.ldc;
    tile.n = static_cast<int>(b.panel_columns(p));
    tile.accumulate = accumulate;
    tile.ldr = out.ldr;
    if (finish) {
      tile.bias = out.bias == nullptr ? nullptr : out.bias + column;
      tile.relu = out.activation == layers::Activation::kReLU;
      tile.hardswish = out.activation == layers::Activation::kHardswish ? &numbers : nullptr;
    }
    for (std::int64_t i = 0; i < a.m;) {
      const Chosen chosen = choose_micro(kernels, width / b.vector, a.m - i);
      tile.m = static_cast<int>(std::min<std::int64_t>(chosen.rows, a.m - i));
      tile.rows = a.rows + i * a.row_stride + block.segment;
      tile.c = out.c + i * out.ldc + column;
      // With the first part of the sum: C, which may lie over the residual, is not yet written.
      if (!accumulate && out.residual != nullptr) tile.residual = out.residual + i * out.ldr + column;
      fetch_ahead(tile, block.segments * block.length * width, i, a.m);
      chosen.kernel(tile);
      i += tile.m;
    }
  }
}

void activate_rows(const SimdKernels& simd, const GemmOutput& out, std::int64_t m, std::int64_t column,
                   std::int64_t n) {
  const std::int64_t rows = n == out.ldc ? 1 : m;
  for (std::int64_t i = 0; i < rows; ++i)
    activate(simd.element, out.activation, out.scale, out.shift, out.c + i * out.ldc + column, m / rows * n);
}

}  // namespace

PackedMatrix outline_matrix(const GemmKernels& kernels, std::int64_t k, std::int64_t n) {
  PackedMatrix b;
  b.k = k;
  b.n = n;
  b.vector = kernels.vector;
  b.panel = b.vector * kernels.panel_vectors;
  return b;
}

PackedMatrix allocate_matrix(const GemmKernels& kernels, std::int64_t k, std::int64_t n) {
  PackedMatrix b = outline_matrix(kernels, k, n);
  b.owned = core::Buffer(b.bytes());
  b.data = b.owned.floats();
  return b;
}

std::size_t PackedWeights::bytes() const {
  std::size_t total = 0;
  for (const PackedMatrix& group : groups) total += group.bytes();
  return total;
}

std::int64_t k_block(const GemmKernels& kernels) {
  return kPanelFloats / (std::int64_t{kernels.vector} * kernels.panel_vectors);
}

void multiply(const SimdKernels& simd, const PackedMatrix& b, const GemmRows& a, const GemmOutput& out,
              std::int64_t panel_begin, std::int64_t panel_end) {
  if (a.m <= 0 || panel_begin >= panel_end) return;
  for_k_blocks(a.segments, a.length, k_block(simd.gemm), [&](const KBlock& block) {
    multiply_block(simd.gemm, b, a, block, out, out.accumulate || !block.first, out.finish && block.last,
                   panel_begin, panel_end);
  });
  if (out.finish && is_left_by_hardswish(out.activation)) {
    const std::int64_t column = panel_begin * b.panel;
    activate_rows(simd, out, a.m, column, std::min(b.n, panel_end * b.panel) - column);
  }
}

GemmTiling tile_gemm(const CpuContext& context, std::int64_t m, std::int64_t most_rows, std::int64_t k,
                     std::int64_t n, std::int64_t panels) {
  constexpr std::int64_t kLeastRows = 24;
  constexpr std::int64_t kRows = 96;
  constexpr std::int64_t kRowsOfLargeB = 240;  // B is read once a tile: fewer tiles where it is large
  constexpr std::int64_t kLargeB = std::int64_t{1} << 18;  // floats
  constexpr std::int64_t kTasksAThread = 4;                // so that none waits long for the last one
  const bool large = k * n >= kLargeB;
  const std::int64_t threads = context.threads();
  const std::int64_t tasks = threads * kTasksAThread;
  GemmTiling tiling;
  std::int64_t rows = std::min(large ? kRowsOfLargeB : kRows, most_rows);
  if (threads > 1) {
    // A small B is read again by every task. A large one is cut before the rows are, so that each thread
    // reads its part; where it must not be cut, tasks are fewer.
    const std::int64_t least_tiles = !large ? tasks : panels > 1 ? ceil_div(tasks, panels) : tasks / 2;
    const std::int64_t tiles = round_up(std::max(least_tiles, ceil_div(m, rows)), panels > 1 ? 1 : threads);
    rows = std::min(rows, std::max(round_up(ceil_div(m, tiles), kMicroRows.back()), kLeastRows));
  }
  tiling.rows = std::max<std::int64_t>(1, std::min(rows, m));
  tiling.row_tiles = ceil_div(m, tiling.rows);
  const std::int64_t wanted = large ? tasks : 2 * threads;
  if (threads > 1 && tiling.row_tiles < wanted)
    tiling.panel_tiles = std::clamp<std::int64_t>(ceil_div(wanted, tiling.row_tiles), 1, panels);
  return tiling;
}

std::string gemm_form(const CpuContext& context) {
  // Scalable vectors have one name and several lengths.
  return core::message("gemm ", name_of(context.isa()), " ",
                       context.simd().gemm.vector * context.simd().gemm.panel_vectors);
}

void apply_epilogue(const SimdKernels& simd, const GemmOutput& out, std::int64_t m, std::int64_t n) {
  for (std::int64_t i = 0; i < m; ++i) {
    float* c = out.c + i * out.ldc;
    if (out.bias != nullptr) simd.element.add(c, out.bias, c, n);
    if (out.residual != nullptr) simd.element.add(c, out.residual + i * out.ldr, c, n);
    activate(simd.element, out.activation, out.scale, out.shift, c, n);
  }
}

#if PLIANT_OPENBLAS
void multiply_openblas(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
                       const float* w, float* c, std::int64_t ldc) {
  const auto size = [](std::int64_t value) { return static_cast<blasint>(value); };
  // Debian builds the serial library without locks: calls from several threads at once share a buffer and
  // give wrong products (seen with 0.3.21: 1 of 100 at 120x121x100 on two threads). One call at a time is
  // right, if slow.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  pliant_gotoblas_init();  // does nothing from the second call on
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, size(m), size(n), size(k), 1.0f, a, size(lda), w,
              size(k), 0.0f, c, size(ldc));
}
#else
void multiply_openblas(std::int64_t, std::int64_t, std::int64_t, const float*, std::int64_t, const float*,
                       float*, std::int64_t) {
  throw Error(ErrorCode::kInternal, "this build has no OpenBLAS");
}
#endif

}  // namespace pliant::backends::cpu

// The GEMM micro-kernels: MR rows, given by pointers, times a panel of NV vectors, kept in registers.
#include "backends/cpu/simd/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/gemm.cpp"
#include "hwy/foreach_target.h"
//
#include "backends/cpu/simd/vector-inl.hpp"
#include "hwy/highway.h"

// Scalable vectors cannot be array elements, so the accumulators are variables, and the rows are written out.
#define PLIANT_EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)

HWY_BEFORE_NAMESPACE();
namespace pliant::backends::cpu::simd {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::VFromD<D>;

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON || HWY_TARGET == HWY_SVE
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif
constexpr int kPanelVectors = kRegisters == 32 ? 4 : 2;

/// Accumulators, one row of B, one element of A, and a product where there is no fused multiply-add.
constexpr bool fits(int rows, int vectors) {
  return vectors <= kPanelVectors && rows * vectors + vectors + (HWY_NATIVE_FMA ? 1 : 2) <= kRegisters;
}

/// One vector of the result, `n` of its lanes valid.
HWY_INLINE void finish_vector(D d, V sum, const MicroTile& tile, int row, std::ptrdiff_t column, int n) {
  const std::size_t lanes = hn::Lanes(d);
  float* c = tile.c + row * tile.ldc + column;
  const float* r = tile.residual == nullptr ? nullptr : tile.residual + row * tile.ldr + column;
  if (static_cast<std::size_t>(n) >= lanes) {
    if (tile.accumulate) sum = hn::Add(hn::LoadU(d, c), sum);
    if (tile.bias != nullptr) sum = hn::Add(sum, hn::LoadU(d, tile.bias + column));
    if (r != nullptr) sum = hn::Add(sum, hn::LoadU(d, r));
    if (tile.relu) sum = relu(d, sum);
    hn::StoreU(sum, d, c);
  } else if (n > 0) {
    const auto count = static_cast<std::size_t>(n);
    if (tile.accumulate) sum = hn::Add(load_first(d, c, count), sum);
    if (tile.bias != nullptr) sum = hn::Add(sum, load_first(d, tile.bias + column, count));
    if (r != nullptr) sum = hn::Add(sum, load_first(d, r, count));
    if (tile.relu) sum = relu(d, sum);
    store_first(sum, d, c, count);
  }
}

/// A row of the result whose columns are all valid: what is to be done is asked once a row, not once a
/// vector.
template <int kVectors>
HWY_INLINE void finish_whole_row(D d, const MicroTile& tile, int row, V c0, V c1, V c2, V c3) {
  const std::size_t lanes = hn::Lanes(d);
  float* c = tile.c + row * tile.ldc;
#define PLIANT_EACH_VECTOR(DO)           \
  DO(c0, 0);                             \
  if constexpr (kVectors > 1) DO(c1, 1); \
  if constexpr (kVectors > 2) DO(c2, 2); \
  if constexpr (kVectors > 3) DO(c3, 3);
  if (tile.accumulate) {
#define PLIANT_ADD(v, i) v = hn::Add(hn::LoadU(d, c + i * lanes), v)
    PLIANT_EACH_VECTOR(PLIANT_ADD)
#undef PLIANT_ADD
  }
  if (tile.bias != nullptr) {
#define PLIANT_ADD(v, i) v = hn::Add(v, hn::LoadU(d, tile.bias + i * lanes))
    PLIANT_EACH_VECTOR(PLIANT_ADD)
#undef PLIANT_ADD
  }
  if (tile.residual != nullptr) {
    const float* r = tile.residual + row * tile.ldr;
#define PLIANT_ADD(v, i) v = hn::Add(v, hn::LoadU(d, r + i * lanes))
    PLIANT_EACH_VECTOR(PLIANT_ADD)
#undef PLIANT_ADD
  }
  if (tile.relu) {
#define PLIANT_RELU(v, i) v = relu(d, v)
    PLIANT_EACH_VECTOR(PLIANT_RELU)
#undef PLIANT_RELU
  }
#define PLIANT_STORE(v, i) hn::StoreU(v, d, c + i * lanes)
  PLIANT_EACH_VECTOR(PLIANT_STORE)
#undef PLIANT_STORE
#undef PLIANT_EACH_VECTOR
}

template <int kVectors>
HWY_INLINE void finish_row(D d, const MicroTile& tile, int row, V c0, V c1, V c2, V c3) {
  if (row >= tile.m) return;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  if (tile.n == kVectors * lanes) return finish_whole_row<kVectors>(d, tile, row, c0, c1, c2, c3);
  finish_vector(d, c0, tile, row, 0, tile.n);
  if constexpr (kVectors > 1) finish_vector(d, c1, tile, row, lanes, tile.n - lanes);
  if constexpr (kVectors > 2) finish_vector(d, c2, tile, row, 2 * lanes, tile.n - 2 * lanes);
  if constexpr (kVectors > 3) finish_vector(d, c3, tile, row, 3 * lanes, tile.n - 3 * lanes);
}

constexpr std::int64_t kLineFloats = 16;

/// Asks for what the end of a tile reads and writes, and for the next rows of B, while the products run:
/// the processor does not look so far ahead, and would wait for the memory. Measured on R50: 10 % of a 1x1
/// convolution with residual, 5 % of a deformable one.
template <int kVectors>
HWY_INLINE void fetch(const MicroTile& tile, std::int64_t lanes) {
  const std::int64_t columns = kVectors * lanes;
  for (int row = 0; row < tile.m; ++row) {
    const float* c = tile.c + row * tile.ldc;
    for (std::int64_t i = 0; i < columns; i += kLineFloats) __builtin_prefetch(c + i, 1, 3);
  }
  if (tile.residual != nullptr)
    for (int row = 0; row < tile.m; ++row) {
      const float* r = tile.residual + row * tile.ldr;
      for (std::int64_t i = 0; i < columns; i += kLineFloats) __builtin_prefetch(r + i, 0, 3);
    }
  for (std::int64_t i = 0; i < tile.next_floats; i += kLineFloats) __builtin_prefetch(tile.next_b + i, 0, 2);
}

template <int kRows, int kVectors>
void micro(const MicroTile& tile) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const V zero = hn::Zero(d);
#define PLIANT_DECLARE(i) \
  [[maybe_unused]] V c##i##_0 = zero, c##i##_1 = zero, c##i##_2 = zero, c##i##_3 = zero;
  PLIANT_EACH_ROW(PLIANT_DECLARE)
#undef PLIANT_DECLARE

  fetch<kVectors>(tile, static_cast<std::int64_t>(lanes));
  const float* HWY_RESTRICT b = tile.b;
  const std::int64_t length = tile.length;
  for (std::int64_t segment = 0; segment < tile.segments; ++segment) {
    const float* const* rows = tile.rows + segment;
#define PLIANT_POINT(i)                                      \
  [[maybe_unused]] const float* HWY_RESTRICT a##i = nullptr; \
  if constexpr (kRows > i) {                                 \
    const std::ptrdiff_t row = i < tile.m ? i : tile.m - 1;  \
    a##i = rows[row * tile.row_stride] + tile.offset;        \
  }
    PLIANT_EACH_ROW(PLIANT_POINT)
#undef PLIANT_POINT
    HWY_UNROLL(2)  // measured: four times is slower again
    for (std::int64_t k = 0; k < length; ++k) {
      [[maybe_unused]] V b0 = zero, b1 = zero, b2 = zero, b3 = zero;
      b0 = hn::LoadU(d, b);
      if constexpr (kVectors > 1) b1 = hn::LoadU(d, b + lanes);
      if constexpr (kVectors > 2) b2 = hn::LoadU(d, b + 2 * lanes);
      if constexpr (kVectors > 3) b3 = hn::LoadU(d, b + 3 * lanes);
      b += kVectors * lanes;
#define PLIANT_MULTIPLY(i)                                              \
  if constexpr (kRows > i) {                                            \
    const V a = hn::Set(d, a##i[k]);                                    \
    c##i##_0 = hn::MulAdd(a, b0, c##i##_0);                             \
    if constexpr (kVectors > 1) c##i##_1 = hn::MulAdd(a, b1, c##i##_1); \
    if constexpr (kVectors > 2) c##i##_2 = hn::MulAdd(a, b2, c##i##_2); \
    if constexpr (kVectors > 3) c##i##_3 = hn::MulAdd(a, b3, c##i##_3); \
  }
      PLIANT_EACH_ROW(PLIANT_MULTIPLY)
#undef PLIANT_MULTIPLY
    }
  }
#define PLIANT_FINISH(i) \
  if constexpr (kRows > i) finish_row<kVectors>(d, tile, i, c##i##_0, c##i##_1, c##i##_2, c##i##_3);
  PLIANT_EACH_ROW(PLIANT_FINISH)
#undef PLIANT_FINISH
}

template <int kVectors, std::size_t kIndex = 0>
void fill_vectors(GemmKernels& kernels) {
  if constexpr (kIndex < kMicroRows.size()) {
    if constexpr (fits(kMicroRows[kIndex], kVectors))
      kernels.micro[kVectors - 1][kIndex] = &micro<kMicroRows[kIndex], kVectors>;
    fill_vectors<kVectors, kIndex + 1>(kernels);
  }
}

void fill_gemm(GemmKernels& kernels) {
  kernels.vector = static_cast<int>(hn::Lanes(D()));
  kernels.panel_vectors = kPanelVectors;
  fill_vectors<1>(kernels);
  fill_vectors<2>(kernels);
  fill_vectors<3>(kernels);
  fill_vectors<4>(kernels);
}

}  // namespace HWY_NAMESPACE
}  // namespace pliant::backends::cpu::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pliant::backends::cpu::simd {

bool get_gemm_kernels(Isa isa, GemmKernels& kernels) {
  constexpr TargetTable<GemmKernels> kTargets = PLIANT_TARGETS(fill_gemm);
  return kTargets.fill(isa, kernels);
}

}  // namespace pliant::backends::cpu::simd
#endif

// Rows of depthwise convolutions: several neighbouring outputs at a time, which share what they read.
#include "backends/cpu/simd/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/depthwise.cpp"
#include <algorithm>

#include "hwy/foreach_target.h"
//
#include "backends/cpu/simd/vector-inl.hpp"
#include "hwy/highway.h"

// Scalable vectors cannot be array elements, so columns and outputs are written out.
#define PLIANT_EACH_COLUMN(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10)
#define PLIANT_EACH_OUTPUT(DO, ...) \
  DO(0, __VA_ARGS__) DO(1, __VA_ARGS__) DO(2, __VA_ARGS__) DO(3, __VA_ARGS__)

HWY_BEFORE_NAMESPACE();
namespace pliant::backends::cpu::simd {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::VFromD<D>;

/// At a time. With the weights of one row of taps and a pixel they fit into 16 registers.
constexpr int kOutputs = 4;
/// Weights of a block of channels stay in the first-level cache while a row goes by.
constexpr std::int64_t kWeightFloats = 4096;

constexpr int columns(int kernel, int stride, int outputs) { return (outputs - 1) * stride + kernel; }

template <int kTap>
HWY_INLINE V tap_weight(V w0, [[maybe_unused]] V w1, [[maybe_unused]] V w2, [[maybe_unused]] V w3,
                        [[maybe_unused]] V w4) {
  if constexpr (kTap == 0) return w0;
  if constexpr (kTap == 1) return w1;
  if constexpr (kTap == 2) return w2;
  if constexpr (kTap == 3) return w3;
  if constexpr (kTap == 4) return w4;
}

template <class Access>
HWY_INLINE void finish(const Access& access, const DepthwiseRow& r, V sum, std::int64_t at, std::int64_t c) {
  const D d;
  if (r.bias != nullptr) sum = hn::Add(sum, access.load(d, r.bias + c));
  if (r.residual != nullptr) sum = hn::Add(sum, access.load(d, r.residual + at));
  if (r.relu) sum = relu(d, sum);
  if (r.hardswish != nullptr) sum = hardswish(d, sum, *r.hardswish);
  access.store(sum, d, r.y + at);
}

/// `kCount` outputs from `first` on, one vector of channels. Sums run over the taps in their order, whatever
/// the place in the row is. `kEdge`: some columns may lie outside.
template <int kKernel, int kStride, int kCount, bool kEdge, class Access>
HWY_INLINE void outputs(const Access& access, const DepthwiseRow& r, std::int64_t first, std::int64_t c) {
  const D d;
  const V zero = hn::Zero(d);
  const std::int64_t n = r.channels;
  [[maybe_unused]] V sum0 = zero, sum1 = zero, sum2 = zero, sum3 = zero;
  const std::int64_t column = first * kStride - r.padding;
  const float* from = r.input + c;  // of the row; where columns lie outside, no pointer goes there
  if constexpr (!kEdge) from += column * n;
  const float* weights = r.weights + c;
  for (std::int64_t i = 0; i < r.rows; ++i, from += r.row, weights += kKernel * n) {
    const V w0 = access.load(d, weights), w1 = access.load(d, weights + n),
            w2 = access.load(d, weights + 2 * n);
    [[maybe_unused]] V w3 = zero, w4 = zero;
    if constexpr (kKernel > 3) {
      w3 = access.load(d, weights + 3 * n);
      w4 = access.load(d, weights + 4 * n);
    }
#define PLIANT_TAP(p, j)                                                     \
  if constexpr (p < kCount && j >= p * kStride && j - p * kStride < kKernel) \
    sum##p = hn::MulAdd(v, tap_weight<j - p * kStride>(w0, w1, w2, w3, w4), sum##p);
#define PLIANT_COLUMN(j)                                               \
  if constexpr (j < columns(kKernel, kStride, kCount)) {               \
    if (!kEdge || (column + j >= 0 && column + j < r.width)) {         \
      const V v = access.load(d, from + (kEdge ? column + j : j) * n); \
      PLIANT_EACH_OUTPUT(PLIANT_TAP, j)                                \
    }                                                                  \
  }
    PLIANT_EACH_COLUMN(PLIANT_COLUMN)
#undef PLIANT_COLUMN
#undef PLIANT_TAP
  }
  const std::int64_t at = first * n + c;
  finish(access, r, sum0, at, c);
  if constexpr (kCount > 1) finish(access, r, sum1, at + n, c);
  if constexpr (kCount > 2) finish(access, r, sum2, at + 2 * n, c);
  if constexpr (kCount > 3) finish(access, r, sum3, at + 3 * n, c);
}

template <int kKernel, int kStride, int kCount, bool kEdge>
HWY_INLINE void channels(const DepthwiseRow& r, std::int64_t first, std::int64_t begin, std::int64_t end) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  std::int64_t c = begin;
  for (; c + lanes <= end; c += lanes) outputs<kKernel, kStride, kCount, kEdge>(WholeVector{}, r, first, c);
  if (c < end)
    outputs<kKernel, kStride, kCount, kEdge>(FirstLanes{static_cast<std::size_t>(end - c)}, r, first, c);
}

template <int kKernel, int kStride>
void row(const DepthwiseRow& r) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  const std::int64_t most = kWeightFloats / (std::max<std::int64_t>(1, r.rows) * kKernel);
  const std::int64_t block = std::max<std::int64_t>(1, most / lanes) * lanes;
  for (std::int64_t begin = 0; begin < r.channels; begin += block) {
    const std::int64_t end = std::min(r.channels, begin + block);
    if (r.outputs < kOutputs) {
      for (std::int64_t x = 0; x < r.outputs; ++x) channels<kKernel, kStride, 1, true>(r, x, begin, end);
      continue;
    }
    for (std::int64_t x = 0; x < r.outputs; x += kOutputs) {
      // The last ones may have been computed before, to the same result.
      const std::int64_t first = std::min(x, r.outputs - kOutputs);
      const std::int64_t column = first * kStride - r.padding;
      if (column >= 0 && column + columns(kKernel, kStride, kOutputs) <= r.width)
        channels<kKernel, kStride, kOutputs, false>(r, first, begin, end);
      else
        channels<kKernel, kStride, kOutputs, true>(r, first, begin, end);
    }
  }
}

void fill_depthwise(DepthwiseKernels& kernels) {
  kernels.row = {{{&row<3, 1>, &row<3, 2>}, {&row<5, 1>, &row<5, 2>}}};
}

}  // namespace HWY_NAMESPACE
}  // namespace pliant::backends::cpu::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pliant::backends::cpu::simd {

bool get_depthwise_kernels(Isa isa, DepthwiseKernels& kernels) {
  constexpr TargetTable<DepthwiseKernels> kTargets = PLIANT_TARGETS(fill_depthwise);
  return kTargets.fill(isa, kernels);
}

}  // namespace pliant::backends::cpu::simd
#endif

// Sums, and softmax along a row or along many columns at once.
#include "backends/cpu/simd/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/reduce.cpp"
#include "hwy/foreach_target.h"
//
#include "backends/cpu/simd/math-inl.hpp"
#include "backends/cpu/simd/vector-inl.hpp"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pliant::backends::cpu::simd {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::VFromD<D>;

float sum(const float* x, std::int64_t n) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V total = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) total = hn::Add(total, hn::LoadU(d, x + i));
  if (i < n) total = hn::Add(total, load_first(d, x + i, static_cast<std::size_t>(n - i)));
  return hn::GetLane(hn::SumOfLanes(d, total));
}

void sum_rows(const float* x, std::int64_t stride, std::int64_t count, std::int64_t n, float* y) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    V total = hn::Zero(d);
    for (std::int64_t r = 0; r < count; ++r) total = hn::Add(total, hn::LoadU(d, x + r * stride + i));
    hn::StoreU(total, d, y + i);
  }
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    V total = hn::Zero(d);
    for (std::int64_t r = 0; r < count; ++r) total = hn::Add(total, load_first(d, x + r * stride + i, rest));
    store_first(total, d, y + i, rest);
  }
}

// A NaN may get lost in a maximum; the exponentials bring it back into the sum, and so into every result.

void softmax_row(const float* x, float* y, std::int64_t n) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  // Sums of parts, so that a long row loses no accuracy.
  const std::int64_t part = 1024 * lanes;
  float greatest = x[0];
  std::int64_t i = 0;
  if (n >= lanes) {
    V best = hn::LoadU(d, x);
    for (; i + lanes <= n; i += lanes) best = hn::Max(best, hn::LoadU(d, x + i));
    greatest = hn::GetLane(hn::MaxOfLanes(d, best));
  }
  for (; i < n; ++i) greatest = x[i] > greatest ? x[i] : greatest;
  const V shift = hn::Set(d, greatest);
  V total = hn::Zero(d);
  float rest_total = 0;
  for (std::int64_t begin = 0; begin < n; begin += part) {
    const std::int64_t end = begin + part < n ? begin + part : n;
    V sum_of_part = hn::Zero(d);
    for (i = begin; i + lanes <= end; i += lanes) {
      const V e = exp_or_zero(d, hn::Sub(hn::LoadU(d, x + i), shift));
      hn::StoreU(e, d, y + i);
      sum_of_part = hn::Add(sum_of_part, e);
    }
    if (i < end) {
      const auto rest = static_cast<std::size_t>(end - i);
      const V e = exp_or_zero(d, hn::Sub(load_first(d, x + i, rest), shift));
      store_first(e, d, y + i, rest);
      for (; i < end; ++i) rest_total += y[i];
    }
    total = hn::Add(total, sum_of_part);
  }
  const V factor = hn::Set(d, 1.0f / (hn::GetLane(hn::SumOfLanes(d, total)) + rest_total));
  for (i = 0; i + lanes <= n; i += lanes) hn::StoreU(hn::Mul(hn::LoadU(d, y + i), factor), d, y + i);
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    store_first(hn::Mul(load_first(d, y + i, rest), factor), d, y + i, rest);
  }
}

template <class Access>
HWY_INLINE void softmax_vector(const Access& access, const float* x, float* y, std::int64_t stride,
                               std::int64_t count) {
  constexpr std::int64_t kPart = 1024;
  const D d;
  V best = access.load(d, x);
  for (std::int64_t r = 1; r < count; ++r) best = hn::Max(best, access.load(d, x + r * stride));
  V total = hn::Zero(d);
  for (std::int64_t begin = 0; begin < count; begin += kPart) {
    const std::int64_t end = begin + kPart < count ? begin + kPart : count;
    V sum_of_part = hn::Zero(d);
    for (std::int64_t r = begin; r < end; ++r) {
      const V e = exp_or_zero(d, hn::Sub(access.load(d, x + r * stride), best));
      access.store(e, d, y + r * stride);
      sum_of_part = hn::Add(sum_of_part, e);
    }
    total = hn::Add(total, sum_of_part);
  }
  const V factor = hn::Div(hn::Set(d, 1.0f), total);
  for (std::int64_t r = 0; r < count; ++r)
    access.store(hn::Mul(access.load(d, y + r * stride), factor), d, y + r * stride);
}

void softmax_columns(const float* x, float* y, std::int64_t stride, std::int64_t count, std::int64_t n) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) softmax_vector(WholeVector{}, x + i, y + i, stride, count);
  if (i < n) softmax_vector(FirstLanes{static_cast<std::size_t>(n - i)}, x + i, y + i, stride, count);
}

void fill_reduce(ReduceKernels& kernels) {
  kernels.sum = &sum;
  kernels.sum_rows = &sum_rows;
  kernels.softmax_row = &softmax_row;
  kernels.softmax_columns = &softmax_columns;
}

}  // namespace HWY_NAMESPACE
}  // namespace pliant::backends::cpu::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pliant::backends::cpu::simd {

bool get_reduce_kernels(Isa isa, ReduceKernels& kernels) {
  constexpr TargetTable<ReduceKernels> kTargets = PLIANT_TARGETS(fill_reduce);
  return kTargets.fill(isa, kernels);
}

}  // namespace pliant::backends::cpu::simd
#endif

// Windows over NHWC pictures, one output pixel a call: maximum, sum, and depthwise convolution.
#include "backends/cpu/simd/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/window.cpp"
#include "hwy/foreach_target.h"
//
#include "backends/cpu/simd/vector-inl.hpp"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pliant::backends::cpu::simd {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::VFromD<D>;

/// a and b, whichever is larger; NaN where one of them is NaN. (Highway's Ne is false for NaN on some
/// targets.)
HWY_INLINE V max_or_nan(V a, V b) { return hn::IfThenElse(hn::Or(hn::Gt(b, a), hn::IsNaN(b)), b, a); }

void max_rows(const float* const* rows, std::int64_t count, std::int64_t n, float* y) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    V best = hn::LoadU(d, rows[0] + i);
    for (std::int64_t t = 1; t < count; ++t) best = max_or_nan(best, hn::LoadU(d, rows[t] + i));
    hn::StoreU(best, d, y + i);
  }
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    V best = load_first(d, rows[0] + i, rest);
    for (std::int64_t t = 1; t < count; ++t) best = max_or_nan(best, load_first(d, rows[t] + i, rest));
    store_first(best, d, y + i, rest);
  }
}

void sum_rows(const float* const* rows, std::int64_t count, std::int64_t n, float* y) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    V sum = hn::LoadU(d, rows[0] + i);
    for (std::int64_t t = 1; t < count; ++t) sum = hn::Add(sum, hn::LoadU(d, rows[t] + i));
    hn::StoreU(sum, d, y + i);
  }
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    V sum = load_first(d, rows[0] + i, rest);
    for (std::int64_t t = 1; t < count; ++t) sum = hn::Add(sum, load_first(d, rows[t] + i, rest));
    store_first(sum, d, y + i, rest);
  }
}

void depthwise(const float* const* rows, std::int64_t count, std::int64_t n, const float* weights,
               const float* bias, const float* residual, bool with_relu, float* y) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    V sum = hn::Zero(d);
    for (std::int64_t t = 0; t < count; ++t)
      sum = hn::MulAdd(hn::LoadU(d, rows[t] + i), hn::LoadU(d, weights + t * n + i), sum);
    if (bias != nullptr) sum = hn::Add(sum, hn::LoadU(d, bias + i));
    if (residual != nullptr) sum = hn::Add(sum, hn::LoadU(d, residual + i));
    if (with_relu) sum = relu(d, sum);
    hn::StoreU(sum, d, y + i);
  }
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    V sum = hn::Zero(d);
    for (std::int64_t t = 0; t < count; ++t)
      sum = hn::MulAdd(load_first(d, rows[t] + i, rest), load_first(d, weights + t * n + i, rest), sum);
    if (bias != nullptr) sum = hn::Add(sum, load_first(d, bias + i, rest));
    if (residual != nullptr) sum = hn::Add(sum, load_first(d, residual + i, rest));
    if (with_relu) sum = relu(d, sum);
    store_first(sum, d, y + i, rest);
  }
}

void fill_window(WindowKernels& kernels) {
  kernels.max = &max_rows;
  kernels.sum = &sum_rows;
  kernels.depthwise = &depthwise;
}

}  // namespace HWY_NAMESPACE
}  // namespace pliant::backends::cpu::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pliant::backends::cpu::simd {

bool get_window_kernels(Isa isa, WindowKernels& kernels) {
  constexpr TargetTable<WindowKernels> kTargets = PLIANT_TARGETS(fill_window);
  return kTargets.fill(isa, kernels);
}

}  // namespace pliant::backends::cpu::simd
#endif

// Bilinear samples of NHWC pictures: a weighted sum of four rows of channels.
#include "backends/cpu/simd/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/sampling.cpp"
#include "hwy/foreach_target.h"
//
#include "backends/cpu/simd/vector-inl.hpp"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pliant::backends::cpu::simd {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::VFromD<D>;

HWY_INLINE void sample_one(const SamplePoint& point, std::int64_t offset, std::int64_t n,
                           float* HWY_RESTRICT y) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const float* HWY_RESTRICT p0 = point.corner[0] + offset;
  const float* HWY_RESTRICT p1 = point.corner[1] + offset;
  const float* HWY_RESTRICT p2 = point.corner[2] + offset;
  const float* HWY_RESTRICT p3 = point.corner[3] + offset;
  const V w0 = hn::Set(d, point.weight[0]);
  const V w1 = hn::Set(d, point.weight[1]);
  const V w2 = hn::Set(d, point.weight[2]);
  const V w3 = hn::Set(d, point.weight[3]);
  std::int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const std::int64_t j = i + lanes;
    V u = hn::Mul(w0, hn::LoadU(d, p0 + i));
    V v = hn::Mul(w0, hn::LoadU(d, p0 + j));
    u = hn::MulAdd(w1, hn::LoadU(d, p1 + i), u);
    v = hn::MulAdd(w1, hn::LoadU(d, p1 + j), v);
    u = hn::MulAdd(w2, hn::LoadU(d, p2 + i), u);
    v = hn::MulAdd(w2, hn::LoadU(d, p2 + j), v);
    u = hn::MulAdd(w3, hn::LoadU(d, p3 + i), u);
    v = hn::MulAdd(w3, hn::LoadU(d, p3 + j), v);
    hn::StoreU(u, d, y + i);
    hn::StoreU(v, d, y + j);
  }
  for (; i + lanes <= n; i += lanes) {
    V u = hn::Mul(w0, hn::LoadU(d, p0 + i));
    u = hn::MulAdd(w1, hn::LoadU(d, p1 + i), u);
    u = hn::MulAdd(w2, hn::LoadU(d, p2 + i), u);
    u = hn::MulAdd(w3, hn::LoadU(d, p3 + i), u);
    hn::StoreU(u, d, y + i);
  }
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    V u = hn::Mul(w0, load_first(d, p0 + i, rest));
    u = hn::MulAdd(w1, load_first(d, p1 + i, rest), u);
    u = hn::MulAdd(w2, load_first(d, p2 + i, rest), u);
    u = hn::MulAdd(w3, load_first(d, p3 + i, rest), u);
    store_first(u, d, y + i, rest);
  }
}

void sample(const SamplePoint* points, std::int64_t count, std::int64_t offset, std::int64_t n, float* y) {
  for (std::int64_t i = 0; i < count; ++i) sample_one(points[i], offset, n, y + i * n);
}

void fill_sampling(SamplingKernels& kernels) { kernels.sample = &sample; }

}  // namespace HWY_NAMESPACE
}  // namespace pliant::backends::cpu::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pliant::backends::cpu::simd {

bool get_sampling_kernels(Isa isa, SamplingKernels& kernels) {
  constexpr TargetTable<SamplingKernels> kTargets = PLIANT_TARGETS(fill_sampling);
  return kTargets.fill(isa, kernels);
}

}  // namespace pliant::backends::cpu::simd
#endif

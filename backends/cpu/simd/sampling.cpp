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

HWY_INLINE void sample_one(const float* HWY_RESTRICT p0, const float* HWY_RESTRICT p1,
                           const float* HWY_RESTRICT p2, const float* HWY_RESTRICT p3, const float* weight,
                           std::int64_t n, float* HWY_RESTRICT y) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const V w0 = hn::Set(d, weight[0]);
  const V w1 = hn::Set(d, weight[1]);
  const V w2 = hn::Set(d, weight[2]);
  const V w3 = hn::Set(d, weight[3]);
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
  for (std::int64_t i = 0; i < count; ++i) {
    const SamplePoint& at = points[i];
    sample_one(at.corner[0] + offset, at.corner[1] + offset, at.corner[2] + offset, at.corner[3] + offset,
               at.weight, n, y + i * n);
  }
}

void sample_planned(const SamplePixels& pixels, const PlannedPoints& points, std::int64_t count,
                    std::int64_t offset, std::int64_t n, float* y) {
  const float* data = pixels.data + offset;
  const float* zeros = pixels.zeros + offset;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t* corner = points.corner + 4 * i;
    const auto pixel = [&](int which) {
      return corner[which] < 0 ? zeros : data + corner[which] * pixels.channels;
    };
    sample_one(pixel(0), pixel(1), pixel(2), pixel(3), points.weight + 4 * i, n, y + i * n);
  }
}

/// Corners outside are not a clamped pixel with weight 0: the pixel may be infinite.
void plan(const SampleCoordinates& at, const PlannedPoints& to) {
  using DI = hn::RebindToSigned<D>;
  using VI = hn::VFromD<DI>;
  const D d;
  const DI di;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const V one = hn::Set(d, 1.0f);
  const V minus_one = hn::Set(d, -1.0f);
  const V height = hn::Set(d, static_cast<float>(at.height));
  const V width = hn::Set(d, static_cast<float>(at.width));
  const VI outside = hn::Set(di, -1);
  const VI next = hn::Set(di, 1);
  const VI last_y = hn::Set(di, static_cast<std::int32_t>(at.height - 1));
  const VI last_x = hn::Set(di, static_cast<std::int32_t>(at.width - 1));
  const VI row = hn::Set(di, static_cast<std::int32_t>(at.width));
  const VI first = hn::Set(di, at.first_pixel);
  for (std::int64_t i = 0; i < at.count; i += lanes) {
    const V y = hn::LoadU(d, at.y + i);
    const V x = hn::LoadU(d, at.x + i);
    const V mask = hn::LoadU(d, at.mask + i);
    // NaN fails, before anything is converted to an integer.
    const auto inside = hn::And(hn::And(hn::Gt(y, minus_one), hn::Gt(x, minus_one)),
                                hn::And(hn::Lt(y, height), hn::Lt(x, width)));
    const V inner_y = hn::IfThenElseZero(inside, y);
    const V inner_x = hn::IfThenElseZero(inside, x);
    const V floor_y = hn::Floor(inner_y);
    const V floor_x = hn::Floor(inner_x);
    const V low_y = hn::Sub(inner_y, floor_y);
    const V low_x = hn::Sub(inner_x, floor_x);
    const V high_x = hn::Sub(one, low_x);
    const V masked_low = hn::Mul(low_y, mask);
    const V masked_high = hn::Mul(hn::Sub(one, low_y), mask);
    // 0 * mask, as the definition says; a coordinate that is no number samples zero whatever the mask is.
    const V elsewhere = hn::IfThenZeroElse(hn::Or(hn::IsNaN(y), hn::IsNaN(x)), mask);
    hn::StoreInterleaved4(hn::IfThenElse(inside, hn::Mul(masked_high, high_x), elsewhere),
                          hn::IfThenElseZero(inside, hn::Mul(masked_high, low_x)),
                          hn::IfThenElseZero(inside, hn::Mul(masked_low, high_x)),
                          hn::IfThenElseZero(inside, hn::Mul(masked_low, low_x)), d, to.weight + 4 * i);

    const VI y0 = hn::ConvertTo(di, floor_y);
    const VI x0 = hn::ConvertTo(di, floor_x);
    const VI pixel = hn::Add(hn::Add(first, x0), hn::Mul(y0, row));
    const auto is_inside = hn::RebindMask(di, inside);
    const auto top = hn::And(is_inside, hn::Gt(y0, outside));
    const auto bottom = hn::And(is_inside, hn::Lt(y0, last_y));
    const auto left = hn::Gt(x0, outside);
    const auto right = hn::Lt(x0, last_x);
    const VI below = hn::Add(pixel, row);
    hn::StoreInterleaved4(hn::IfThenElse(hn::And(top, left), pixel, outside),
                          hn::IfThenElse(hn::And(top, right), hn::Add(pixel, next), outside),
                          hn::IfThenElse(hn::And(bottom, left), below, outside),
                          hn::IfThenElse(hn::And(bottom, right), hn::Add(below, next), outside), di,
                          to.corner + 4 * i);
  }
}

void fill_sampling(SamplingKernels& kernels) {
  kernels.sample = &sample;
  kernels.sample_planned = &sample_planned;
  kernels.plan = &plan;
}

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

// 3x3 convolution of a map that is enlarged by nearest neighbours: along each axis the outputs of a source
// pixel c with neighbours p and n are, for the kernel's weights w0 w1 w2,
//   first: w0 p + (w1 + w2) c      = s + w0 (p - c)
//   inner: (w0 + w1 + w2) c        = s
//   last:  (w0 + w1) c + w2 n      = s + w2 (n - c)       with s = (w0 + w1 + w2) c,
// so three products an axis give any number of outputs. Zeros around the picture stay zeros when they are
// enlarged, so borders need nothing of their own.
#include "backends/cpu/simd/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/upsampled.cpp"
#include "hwy/foreach_target.h"
//
#include "backends/cpu/simd/vector-inl.hpp"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pliant::backends::cpu::simd {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::VFromD<D>;

template <class Access>
HWY_INLINE void input_vector(const Access& access, const float* const* pixels, std::int64_t c, float* planes,
                             std::ptrdiff_t plane) {
  // Differences along x of each row, then along y.
  const V m0 = access.load(D(), pixels[1] + c), m1 = access.load(D(), pixels[4] + c),
          m2 = access.load(D(), pixels[7] + c);
  const V l0 = hn::Sub(access.load(D(), pixels[0] + c), m0),
          l1 = hn::Sub(access.load(D(), pixels[3] + c), m1),
          l2 = hn::Sub(access.load(D(), pixels[6] + c), m2);
  const V r0 = hn::Sub(access.load(D(), pixels[2] + c), m0),
          r1 = hn::Sub(access.load(D(), pixels[5] + c), m1),
          r2 = hn::Sub(access.load(D(), pixels[8] + c), m2);
  planes += c;
  access.store(hn::Sub(l0, l1), D(), planes);
  access.store(hn::Sub(m0, m1), D(), planes + plane);
  access.store(hn::Sub(r0, r1), D(), planes + 2 * plane);
  access.store(l1, D(), planes + 3 * plane);
  access.store(m1, D(), planes + 4 * plane);
  access.store(r1, D(), planes + 5 * plane);
  access.store(hn::Sub(l2, l1), D(), planes + 6 * plane);
  access.store(hn::Sub(m2, m1), D(), planes + 7 * plane);
  access.store(hn::Sub(r2, r1), D(), planes + 8 * plane);
}

void input(const float* const* pixels, std::int64_t n, float* planes, std::ptrdiff_t plane) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  std::int64_t c = 0;
  for (; c + lanes <= n; c += lanes) input_vector(WholeVector{}, pixels, c, planes, plane);
  if (c < n) input_vector(FirstLanes{static_cast<std::size_t>(n - c)}, pixels, c, planes, plane);
}

/// Outputs of one row of the enlarged picture.
template <class Access>
HWY_INLINE void store_row(const Access& access, V first, V inner, V last, const UpsampledOutput& out,
                          std::int64_t place) {
  for (int x = 0; x < out.factor_w; ++x, place += out.n) {
    V v = x == 0 ? first : x == out.factor_w - 1 ? last : inner;
    if (out.residual != nullptr) v = hn::Add(v, access.load(D(), out.residual + place));
    if (out.relu) v = relu(D(), v);
    access.store(v, D(), out.y + place);
  }
}

template <class Access>
HWY_INLINE void output_vector(const Access& access, const float* planes, std::ptrdiff_t plane, std::int64_t c,
                              const UpsampledOutput& out) {
  planes += c;
  const V bias = out.bias == nullptr ? hn::Zero(D()) : access.load(D(), out.bias + c);
  // Sums along y: of the first, the inner and the last row.
  const V l = access.load(D(), planes + 3 * plane), r = access.load(D(), planes + 5 * plane);
  const V m = hn::Add(access.load(D(), planes + 4 * plane), bias);
  const V top_l = hn::Add(l, access.load(D(), planes)),
          top_r = hn::Add(r, access.load(D(), planes + 2 * plane));
  const V top_m = hn::Add(m, access.load(D(), planes + plane));
  const V end_l = hn::Add(l, access.load(D(), planes + 6 * plane)),
          end_r = hn::Add(r, access.load(D(), planes + 8 * plane));
  const V end_m = hn::Add(m, access.load(D(), planes + 7 * plane));
  std::int64_t place = out.place + c;
  store_row(access, hn::Add(top_m, top_l), top_m, hn::Add(top_m, top_r), out, place);
  const V first = hn::Add(m, l), last = hn::Add(m, r);
  for (int y = 1; y + 1 < out.factor_h; ++y) store_row(access, first, m, last, out, place += out.row);
  store_row(access, hn::Add(end_m, end_l), end_m, hn::Add(end_m, end_r), out, place + out.row);
}

void output(const float* planes, std::ptrdiff_t plane, const UpsampledOutput& out) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  std::int64_t c = 0;
  for (; c + lanes <= out.n; c += lanes) output_vector(WholeVector{}, planes, plane, c, out);
  if (c < out.n) output_vector(FirstLanes{static_cast<std::size_t>(out.n - c)}, planes, plane, c, out);
}

void fill_upsampled(UpsampledKernels& kernels) {
  kernels.input = &input;
  kernels.output = &output;
}

}  // namespace HWY_NAMESPACE
}  // namespace pliant::backends::cpu::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pliant::backends::cpu::simd {

bool get_upsampled_kernels(Isa isa, UpsampledKernels& kernels) {
  constexpr TargetTable<UpsampledKernels> kTargets = PLIANT_TARGETS(fill_upsampled);
  return kTargets.fill(isa, kernels);
}

}  // namespace pliant::backends::cpu::simd
#endif

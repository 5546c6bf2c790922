// Winograd's transforms of tiles: B^T d B of input pixels and A^T m A of products, a vector of channels at a
// time (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks"). The points are 0, +-sqrt(1/2),
// +-sqrt(2) and infinity for 4x4 outputs, which round less than 0, +-1, +-2; and 0, +-1, +-2, +-1/2 and
// infinity for 6x6 outputs. With points 0, +-a, +-b the rows of B^T are the coefficients of x (x^2 - a^2)
// (x^2 - b^2) without one of its factors. The weights' side of it is in winograd_weights.cpp.
#include "backends/cpu/simd/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/winograd.cpp"
#include "hwy/foreach_target.h"
//
#include "backends/cpu/simd/vector-inl.hpp"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pliant::backends::cpu::simd {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::VFromD<D>;

HWY_INLINE V scaled(float factor, V v) { return hn::Mul(hn::Set(D(), factor), v); }
/// sum + factor * v
HWY_INLINE V plus(V sum, float factor, V v) { return hn::MulAdd(hn::Set(D(), factor), v, sum); }

constexpr float kSqrtHalf = 0.70710678118654752f;
constexpr float kSqrtTwo = 1.41421356237309505f;

/// 4x4 outputs from 6x6 inputs.
struct Four {
  static constexpr int kOutputs = 4;
  static constexpr int kTile = 6;

  /// One row of B^T times six values.
  template <class From, class To>
  static HWY_INLINE void input(const From& from, const To& to) {
    const V d0 = from(0), d1 = from(1), d2 = from(2), d3 = from(3), d4 = from(4), d5 = from(5);
    to(0, plus(hn::Add(d0, d4), -2.5f, d2));
    const V even1 = plus(d4, -2.0f, d2), odd1 = scaled(kSqrtHalf, plus(d3, -2.0f, d1));
    to(1, hn::Add(even1, odd1));
    to(2, hn::Sub(even1, odd1));
    const V even2 = plus(d4, -0.5f, d2), odd2 = scaled(kSqrtTwo, plus(d3, -0.5f, d1));
    to(3, hn::Add(even2, odd2));
    to(4, hn::Sub(even2, odd2));
    to(5, plus(hn::Add(d1, d5), -2.5f, d3));
  }

  /// A^T times six products.
  template <class From, class To>
  static HWY_INLINE void output(const From& from, const To& to) {
    const V m1 = from(1), m2 = from(2), m3 = from(3), m4 = from(4);
    const V a = hn::Add(m1, m2), c = hn::Add(m3, m4);
    const V b = scaled(kSqrtHalf, hn::Sub(m1, m2)), e = scaled(kSqrtTwo, hn::Sub(m3, m4));
    to(0, hn::Add(hn::Add(from(0), a), c));
    to(1, hn::Add(b, e));
    to(2, plus(scaled(0.5f, a), 2.0f, c));
    to(3, plus(plus(from(5), 0.5f, b), 2.0f, e));
  }
};

/// 6x6 outputs from 8x8 inputs.
struct Six {
  static constexpr int kOutputs = 6;
  static constexpr int kTile = 8;

  template <class From, class To>
  static HWY_INLINE void input(const From& from, const To& to) {
    const V d0 = from(0), d1 = from(1), d2 = from(2), d3 = from(3);
    const V d4 = from(4), d5 = from(5), d6 = from(6), d7 = from(7);
    to(0, plus(hn::Sub(d0, d6), 5.25f, hn::Sub(d4, d2)));
    to(7, plus(hn::Sub(d7, d1), 5.25f, hn::Sub(d3, d5)));
    const V even1 = plus(hn::Add(d2, d6), -4.25f, d4), odd1 = plus(hn::Add(d1, d5), -4.25f, d3);
    to(1, hn::Add(even1, odd1));
    to(2, hn::Sub(even1, odd1));
    const V even2 = plus(plus(d6, 0.25f, d2), -1.25f, d4);
    const V odd2 = plus(plus(scaled(0.5f, d1), -2.5f, d3), 2.0f, d5);
    to(3, hn::Add(even2, odd2));
    to(4, hn::Sub(even2, odd2));
    const V even3 = plus(plus(d6, 4.0f, d2), -5.0f, d4);
    const V odd3 = plus(plus(scaled(2.0f, d1), -2.5f, d3), 0.5f, d5);
    to(5, hn::Add(even3, odd3));
    to(6, hn::Sub(even3, odd3));
  }

  template <class From, class To>
  static HWY_INLINE void output(const From& from, const To& to) {
    const V m1 = from(1), m2 = from(2), m3 = from(3), m4 = from(4), m5 = from(5), m6 = from(6);
    const V a = hn::Add(m1, m2), b = hn::Sub(m1, m2), c = hn::Add(m3, m4);
    const V e = hn::Sub(m3, m4), f = hn::Add(m5, m6), g = hn::Sub(m5, m6);
    to(0, plus(hn::Add(hn::Add(from(0), a), c), 32.0f, f));
    to(1, plus(plus(b, 2.0f, e), 16.0f, g));
    to(2, plus(plus(a, 4.0f, c), 8.0f, f));
    to(3, plus(plus(b, 8.0f, e), 4.0f, g));
    to(4, plus(plus(a, 16.0f, c), 2.0f, f));
    to(5, hn::Add(hn::Add(plus(b, 32.0f, e), g), from(7)));
  }
};

// Where the transforms read and write: i-th value of a row or column.

template <class Access>
struct FromPixels {
  const Access& access;
  const float* const* pixels;
  std::int64_t channel;
  HWY_INLINE V operator()(int i) const { return access.load(D(), pixels[i] + channel); }
};
template <class Access>
struct FromPlanes {
  const Access& access;
  const float* planes;
  std::ptrdiff_t step;
  HWY_INLINE V operator()(int i) const { return access.load(D(), planes + i * step); }
};
template <class Access>
struct ToPlanes {
  const Access& access;
  float* planes;
  std::ptrdiff_t step;
  HWY_INLINE void operator()(int i, V v) const { access.store(v, D(), planes + i * step); }
};
/// Intermediate values on the stack, `step` vectors apart.
struct Scratch {
  float* values;
  std::ptrdiff_t step;
  HWY_INLINE V operator()(int i) const { return hn::Load(D(), values + i * step); }
  HWY_INLINE void operator()(int i, V v) const { hn::Store(v, D(), values + i * step); }
};

template <class Access>
struct ToOutputs {
  const Access& access;
  const WinogradOutput& out;
  const std::int64_t* places;  // of this column
  int step;                    // places from one row to the next
  std::int64_t channel;
  HWY_INLINE void operator()(int i, V v) const {
    const std::int64_t place = places[i * step];
    if (place < 0) return;
    if (out.bias != nullptr) v = hn::Add(v, access.load(D(), out.bias + channel));
    if (out.residual != nullptr) v = hn::Add(v, access.load(D(), out.residual + place + channel));
    if (out.relu) v = relu(D(), v);
    access.store(v, D(), out.y + place + channel);
  }
};

template <class Points, class Access>
HWY_INLINE void input_vector(const Access& access, const float* const* pixels, std::int64_t c, float* planes,
                             std::ptrdiff_t plane) {
  constexpr int kTile = Points::kTile;
  HWY_ALIGN float scratch[kTile * kTile * hn::MaxLanes(D())];
  const auto lanes = static_cast<std::ptrdiff_t>(hn::Lanes(D()));
  for (int y = 0; y < kTile; ++y)
    Points::input(FromPixels<Access>{access, pixels + y * kTile, c},
                  Scratch{scratch + y * kTile * lanes, lanes});
  for (int x = 0; x < kTile; ++x)
    Points::input(Scratch{scratch + x * lanes, kTile * lanes},
                  ToPlanes<Access>{access, planes + x * plane + c, kTile * plane});
}

template <class Points>
void input(const float* const* pixels, std::int64_t n, float* planes, std::ptrdiff_t plane) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  std::int64_t c = 0;
  for (; c + lanes <= n; c += lanes) input_vector<Points>(WholeVector{}, pixels, c, planes, plane);
  if (c < n) input_vector<Points>(FirstLanes{static_cast<std::size_t>(n - c)}, pixels, c, planes, plane);
}

template <class Points, class Access>
HWY_INLINE void output_vector(const Access& access, const float* planes, std::ptrdiff_t plane, std::int64_t c,
                              const WinogradOutput& out) {
  constexpr int kTile = Points::kTile;
  constexpr int kOutputs = Points::kOutputs;
  HWY_ALIGN float scratch[kTile * kOutputs * hn::MaxLanes(D())];
  const auto lanes = static_cast<std::ptrdiff_t>(hn::Lanes(D()));
  for (int y = 0; y < kTile; ++y)
    Points::output(FromPlanes<Access>{access, planes + y * kTile * plane + c, plane},
                   Scratch{scratch + y * kOutputs * lanes, lanes});
  for (int x = 0; x < kOutputs; ++x)
    Points::output(Scratch{scratch + x * lanes, kOutputs * lanes},
                   ToOutputs<Access>{access, out, out.places + x, kOutputs, c});
}

template <class Points>
void output(const float* planes, std::ptrdiff_t plane, std::int64_t n, const WinogradOutput& out) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(D()));
  std::int64_t c = 0;
  for (; c + lanes <= n; c += lanes) output_vector<Points>(WholeVector{}, planes, plane, c, out);
  if (c < n) output_vector<Points>(FirstLanes{static_cast<std::size_t>(n - c)}, planes, plane, c, out);
}

void fill_winograd(WinogradKernels& kernels) {
  kernels.input = {&input<Four>, &input<Six>};
  kernels.output = {&output<Four>, &output<Six>};
}

}  // namespace HWY_NAMESPACE
}  // namespace pliant::backends::cpu::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pliant::backends::cpu::simd {

bool get_winograd_kernels(Isa isa, WinogradKernels& kernels) {
  constexpr TargetTable<WinogradKernels> kTargets = PLIANT_TARGETS(fill_winograd);
  return kTargets.fill(isa, kernels);
}

}  // namespace pliant::backends::cpu::simd
#endif

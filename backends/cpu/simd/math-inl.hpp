// Elementary functions on vectors. Included once a target.
#if defined(PLIANT_SIMD_MATH_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PLIANT_SIMD_MATH_INL_HPP
#undef PLIANT_SIMD_MATH_INL_HPP
#else
#define PLIANT_SIMD_MATH_INL_HPP
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pliant::backends::cpu::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// exp(v) for v in [-87, 0]; lanes outside give nonsense. Relative error about 1e-7.
/// exp(v) = 2^n * exp(r) with n = round(v / ln 2) and |r| <= ln 2 / 2; ln 2 in two parts, so that n * the
/// first is exact; exp(r) is its Taylor polynomial, whose remainder is below r^8 / 8! = 6e-9.
template <class D>
HWY_INLINE hn::VFromD<D> exp_not_positive(D d, hn::VFromD<D> v) {
  const hn::RebindToSigned<D> di;
  const auto n = hn::NearestInt(hn::Mul(v, hn::Set(d, 1.44269504088896341f)));
  const auto nf = hn::ConvertTo(d, n);
  auto r = hn::NegMulAdd(nf, hn::Set(d, 0.693359375f), v);
  r = hn::NegMulAdd(nf, hn::Set(d, -2.12194440054690583e-4f), r);
  auto p = hn::Set(d, 1.0f / 5040);
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 720));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 120));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 24));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 6));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  const auto power = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127))));
  return hn::Mul(p, power);
}

/// exp(v) for v <= 0; 0 below -87, NaN is passed on.
template <class D>
HWY_INLINE hn::VFromD<D> exp_or_zero(D d, hn::VFromD<D> v) {
  const auto least = hn::Set(d, -87.0f);
  const auto e = exp_not_positive(d, hn::Min(hn::Max(v, least), hn::Zero(d)));
  return hn::IfThenElse(hn::IsNaN(v), v, hn::IfThenZeroElse(hn::Lt(v, least), e));
}

/// 1 / (1 + exp(-v)); 1 at +inf, 0 below -87, NaN is passed on. With e = exp(-|v|), which
/// never overflows: 1 / (1 + e) for v >= 0, else e / (1 + e).
template <class D>
HWY_INLINE hn::VFromD<D> sigmoid(D d, hn::VFromD<D> v) {
  const auto one = hn::Set(d, 1.0f);
  const auto magnitude = hn::Min(hn::Abs(v), hn::Set(d, 87.0f));
  const auto e = exp_not_positive(d, hn::Neg(magnitude));
  const auto r = hn::Div(one, hn::Add(one, e));
  const auto result = hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Mul(e, r), r);
  const auto far = hn::Lt(v, hn::Set(d, -87.0f));
  return hn::IfThenElse(hn::IsNaN(v), v, hn::IfThenZeroElse(far, result));
}

}  // namespace HWY_NAMESPACE
}  // namespace pliant::backends::cpu::simd
HWY_AFTER_NAMESPACE();

#endif

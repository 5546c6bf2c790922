// Loads and stores of the first n lanes, and what all kernels do to a value. Included once a target.
#if defined(PLIANT_SIMD_VECTOR_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PLIANT_SIMD_VECTOR_INL_HPP
#undef PLIANT_SIMD_VECTOR_INL_HPP
#else
#define PLIANT_SIMD_VECTOR_INL_HPP
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "backends/cpu/simd/kernels.hpp"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pliant::backends::cpu::simd {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Lanes from n on are 0. 1 <= n <= Lanes(d).
template <class D>
HWY_INLINE hn::VFromD<D> load_first(D d, const float* p, std::size_t n) {
#if HWY_MEM_OPS_MIGHT_FAULT
  // Without masked memory access: bytes behind the n floats must not even be touched.
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return hn::Load(d, lanes);
#else
  return hn::MaskedLoad(hn::FirstN(d, n), d, p);
#endif
}

template <class D>
HWY_INLINE void store_first(hn::VFromD<D> v, D d, float* p, std::size_t n) {
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float lanes[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, lanes);
  for (std::size_t i = 0; i < n; ++i) p[i] = lanes[i];
#else
  hn::BlendedStore(v, hn::FirstN(d, n), d, p);
#endif
}

// How a body that is written once reads and writes: all lanes of a vector, or the first of them.

struct WholeVector {
  template <class D>
  HWY_INLINE hn::VFromD<D> load(D d, const float* p) const {
    return hn::LoadU(d, p);
  }
  template <class D>
  HWY_INLINE void store(hn::VFromD<D> v, D d, float* p) const {
    hn::StoreU(v, d, p);
  }
};

struct FirstLanes {
  std::size_t count;
  template <class D>
  HWY_INLINE hn::VFromD<D> load(D d, const float* p) const {
    return load_first(d, p, count);
  }
  template <class D>
  HWY_INLINE void store(hn::VFromD<D> v, D d, float* p) const {
    store_first(v, d, p, count);
  }
};

/// max(v, 0) that passes NaN on.
template <class D>
HWY_INLINE hn::VFromD<D> relu(D d, hn::VFromD<D> v) {
  const auto zero = hn::Zero(d);
  return hn::IfThenElse(hn::Lt(v, zero), zero, v);
}

/// NaN is passed on by the product, whatever the gate makes of it.
template <class D>
HWY_INLINE hn::VFromD<D> hardswish(D d, hn::VFromD<D> v, hn::VFromD<D> sixth, hn::VFromD<D> shift) {
  const auto gate = hn::Min(hn::Max(hn::Add(v, hn::Set(d, 3.0f)), hn::Zero(d)), hn::Set(d, 6.0f));
  return hn::MulAdd(hn::Mul(v, gate), sixth, shift);
}
template <class D>
HWY_INLINE hn::VFromD<D> hardswish(D d, hn::VFromD<D> v, const HardswishNumbers& numbers) {
  return hardswish(d, v, hn::Set(d, numbers.sixth), hn::Set(d, numbers.shift));
}

}  // namespace HWY_NAMESPACE
}  // namespace pliant::backends::cpu::simd
HWY_AFTER_NAMESPACE();

#endif

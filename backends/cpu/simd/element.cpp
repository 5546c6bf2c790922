// Rows of element-wise operations.
#include "backends/cpu/simd/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/simd/element.cpp"
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

struct ReluOp {
  HWY_INLINE V operator()(D d, V v) const { return relu(d, v); }
};
struct SigmoidOp {
  HWY_INLINE V operator()(D d, V v) const { return sigmoid(d, v); }
};
struct AddOp {
  HWY_INLINE V operator()(D, V a, V b) const { return hn::Add(a, b); }
};
struct MulOp {
  HWY_INLINE V operator()(D, V a, V b) const { return hn::Mul(a, b); }
};

template <class Op>
void unary(const float* x, float* y, std::int64_t n) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Op op;
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(op(d, hn::LoadU(d, x + i)), d, y + i);
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    store_first(op(d, load_first(d, x + i, rest)), d, y + i, rest);
  }
}

template <class Op>
void binary(const float* a, const float* b, float* y, std::int64_t n) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Op op;
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(op(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i);
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    store_first(op(d, load_first(d, a + i, rest), load_first(d, b + i, rest)), d, y + i, rest);
  }
}

template <class Op>
void binary_scalar(const float* a, float b, float* y, std::int64_t n) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Op op;
  const V vb = hn::Set(d, b);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(op(d, hn::LoadU(d, a + i), vb), d, y + i);
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    store_first(op(d, load_first(d, a + i, rest), vb), d, y + i, rest);
  }
}

void scale_shift(const float* x, const float* scale, const float* shift, float* y, std::int64_t n) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(hn::MulAdd(hn::LoadU(d, x + i), hn::LoadU(d, scale + i), hn::LoadU(d, shift + i)), d, y + i);
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    store_first(hn::MulAdd(load_first(d, x + i, rest), load_first(d, scale + i, rest),
                           load_first(d, shift + i, rest)),
                d, y + i, rest);
  }
}

void fill_element(ElementKernels& kernels) {
  kernels.relu = &unary<ReluOp>;
  kernels.sigmoid = &unary<SigmoidOp>;
  kernels.add = &binary<AddOp>;
  kernels.mul = &binary<MulOp>;
  kernels.add_scalar = &binary_scalar<AddOp>;
  kernels.mul_scalar = &binary_scalar<MulOp>;
  kernels.scale_shift = &scale_shift;
}

}  // namespace HWY_NAMESPACE
}  // namespace pliant::backends::cpu::simd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pliant::backends::cpu::simd {

bool get_element_kernels(Isa isa, ElementKernels& kernels) {
  constexpr TargetTable<ElementKernels> kTargets = PLIANT_TARGETS(fill_element);
  return kTargets.fill(isa, kernels);
}

}  // namespace pliant::backends::cpu::simd
#endif

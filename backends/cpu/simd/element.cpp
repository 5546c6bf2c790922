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
/// The bounds are compared one after the other, so that NaN is passed on, and so that the greater bound wins
/// where they are the wrong way round, as in PyTorch.
HWY_INLINE V clamped(V v, V least, V greatest) {
  v = hn::IfThenElse(hn::Lt(v, least), least, v);
  return hn::IfThenElse(hn::Gt(v, greatest), greatest, v);
}

struct HardswishOp {
  HWY_INLINE V operator()(D d, V v, V sixth, V shift) const { return hardswish(d, v, sixth, shift); }
};
struct SwishOp {
  HWY_INLINE V operator()(D d, V v) const { return hn::Mul(v, sigmoid(d, v)); }
};
struct LeakyReluOp {
  HWY_INLINE V operator()(D d, V v, V slope, V) const {
    return hn::IfThenElse(hn::Gt(v, hn::Zero(d)), v, hn::Mul(v, slope));
  }
};
struct HardsigmoidOp {
  HWY_INLINE V operator()(D d, V v, V slope, V offset) const {
    return clamped(hn::MulAdd(v, slope, offset), hn::Zero(d), hn::Set(d, 1.0f));
  }
};
struct ClampOp {
  HWY_INLINE V operator()(D, V v, V least, V greatest) const { return clamped(v, least, greatest); }
};
struct AddOp {
  HWY_INLINE V operator()(D, V a, V b) const { return hn::Add(a, b); }
};
struct MulOp {
  HWY_INLINE V operator()(D, V a, V b) const { return hn::Mul(a, b); }
};

struct SubOp {
  HWY_INLINE V operator()(D, V a, V b) const { return hn::Sub(a, b); }
};
struct DivOp {
  HWY_INLINE V operator()(D, V a, V b) const { return hn::Div(a, b); }
};
/// The operation with its operands exchanged.
template <class Op>
struct Reversed {
  HWY_INLINE V operator()(D d, V a, V b) const { return Op()(d, b, a); }
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
void unary_with(const float* x, float p, float q, float* y, std::int64_t n) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Op op;
  const V vp = hn::Set(d, p);
  const V vq = hn::Set(d, q);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(op(d, hn::LoadU(d, x + i), vp, vq), d, y + i);
  if (i < n) {
    const auto rest = static_cast<std::size_t>(n - i);
    store_first(op(d, load_first(d, x + i, rest), vp, vq), d, y + i, rest);
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
  kernels.swish = &unary<SwishOp>;
  kernels.hardswish = &unary_with<HardswishOp>;
  kernels.leaky_relu = &unary_with<LeakyReluOp>;
  kernels.hardsigmoid = &unary_with<HardsigmoidOp>;
  kernels.clamp = &unary_with<ClampOp>;
  kernels.add = &binary<AddOp>;
  kernels.sub = &binary<SubOp>;
  kernels.mul = &binary<MulOp>;
  kernels.div = &binary<DivOp>;
  kernels.add_scalar = &binary_scalar<AddOp>;
  kernels.sub_scalar = &binary_scalar<SubOp>;
  kernels.mul_scalar = &binary_scalar<MulOp>;
  kernels.div_scalar = &binary_scalar<DivOp>;
  kernels.scalar_sub = &binary_scalar<Reversed<SubOp>>;
  kernels.scalar_div = &binary_scalar<Reversed<DivOp>>;
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

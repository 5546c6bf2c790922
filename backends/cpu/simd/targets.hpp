// Which of Highway's targets are compiled, and how one of them is picked without Highway's own dispatch.
// The first include of every simd/*.cpp.
#pragma once

#include <type_traits>

#include "backends/cpu/simd/kernels.hpp"

// SSSE3 and the newest AVX-512 gain nothing in float32 over their neighbours; of the SVE kinds the one that
// works with every vector length is enough.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
// No AES needed: older machines then count as sse4 and avx2.
#define HWY_DISABLE_PCLMUL_AES 1
// Highway's debug assertions abort and need its library.
#define HWY_IS_DEBUG_BUILD 0

namespace pliant::backends::cpu::simd {

template <class T>
struct TargetTable {
  using Fill = void (*)(T&);
  Fill scalar, sse4, avx2, avx512, neon, sve;

  bool fill(Isa isa, T& kernels) const {
    const Fill all[] = {scalar, sse4, avx2, avx512, neon, sve};  // Isa's order
    const Fill found = all[static_cast<int>(isa)];
    if (found == nullptr) return false;
    found(kernels);
    return true;
  }
};

}  // namespace pliant::backends::cpu::simd

// Highway's own fallback macro names the static target where no scalar code was compiled; here that is null.
#define PLIANT_CHOOSE_SCALAR(FUNC) \
  ((HWY_TARGETS & (HWY_SCALAR | HWY_EMU128)) != 0 ? HWY_CHOOSE_FALLBACK(FUNC) : nullptr)

/// The initialiser of a TargetTable. Under HWY_ONCE, in the namespace that holds HWY_NAMESPACE.
#define PLIANT_TARGETS(FUNC)                                                                         \
  {                                                                                                  \
    PLIANT_CHOOSE_SCALAR(FUNC), HWY_CHOOSE_SSE4(FUNC), HWY_CHOOSE_AVX2(FUNC), HWY_CHOOSE_AVX3(FUNC), \
        HWY_CHOOSE_NEON(FUNC), HWY_CHOOSE_SVE(FUNC)                                                  \
  }

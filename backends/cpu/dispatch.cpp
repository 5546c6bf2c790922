#include "backends/cpu/dispatch.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "core/format.hpp"
#include "pliant/error.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace pliant::backends::cpu {
namespace {

struct IsaName {
  Isa isa;
  std::string_view name;
};

// The best first.
constexpr IsaName kIsas[] = {{Isa::kAvx512, "avx512"}, {Isa::kAvx2, "avx2"}, {Isa::kSse4, "sse4"},
                             {Isa::kSve, "sve"},       {Isa::kNeon, "neon"}, {Isa::kScalar, "scalar"}};

#if defined(__x86_64__)

constexpr bool has(std::uint32_t bits, std::uint32_t wanted) { return (bits & wanted) == wanted; }
constexpr std::uint32_t bit(int n) { return std::uint32_t{1} << n; }

/// State that the operating system saves on a context switch (XCR0).
std::uint64_t saved_state() {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32) | low;
}

bool machine_has(Isa isa) {
  if (isa == Isa::kScalar) return true;
  std::uint32_t a = 0, b = 0, c1 = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c1, &d) == 0) return false;
  const bool sse4 = has(c1, bit(0) | bit(9) | bit(19) | bit(20));  // SSE3, SSSE3, SSE4.1, SSE4.2
  if (isa == Isa::kSse4) return sse4;

  const bool os_saves = has(c1, bit(27));  // OSXSAVE: xgetbv may be used
  const std::uint64_t state = os_saves ? saved_state() : 0;
  std::uint32_t b7 = 0, c7 = 0;
  if (__get_cpuid_count(7, 0, &a, &b7, &c7, &d) == 0) return false;
  const bool avx2 = sse4 && (state & 0x6) == 0x6 &&          // xmm, ymm
                    has(c1, bit(12) | bit(28) | bit(29)) &&  // FMA, AVX, F16C
                    has(b7, bit(3) | bit(5) | bit(8));       // BMI1, AVX2, BMI2
  if (isa == Isa::kAvx2) return avx2;
  return isa == Isa::kAvx512 && avx2 && (state & 0xe6) == 0xe6 &&  // and opmask, zmm
         has(b7, bit(16) | bit(17) | bit(30) | bit(31));           // F, DQ, BW, VL
}

#elif defined(__aarch64__)

bool machine_has(Isa isa) {
  constexpr unsigned long kHwcapSve = 1UL << 22;
  if (isa == Isa::kSve) return (getauxval(AT_HWCAP) & kHwcapSve) != 0;
  return isa == Isa::kNeon || isa == Isa::kScalar;  // NEON is part of every aarch64
}

#else
#error "Pliant supports Linux on x86-64 and aarch64"
#endif

}  // namespace

std::string_view name_of(Isa isa) {
  for (const IsaName& entry : kIsas)
    if (entry.isa == isa) return entry.name;
  return "unknown";
}

std::vector<Isa> available_isas() {
  std::vector<Isa> result;
  for (const IsaName& entry : kIsas) {
    SimdKernels kernels;
    if (machine_has(entry.isa) && simd::get_gemm_kernels(entry.isa, kernels.gemm))
      result.push_back(entry.isa);
  }
  return result;
}

std::string list_isas() {
  std::string names;
  for (const Isa isa : available_isas()) names += (names.empty() ? "" : ", ") + std::string(name_of(isa));
  return names;
}

Isa choose_isa(std::string_view wanted) {
  std::string_view source = "target";
  if (wanted.empty()) {
    if (const char* value = std::getenv("PLIANT_TARGET")) {
      wanted = value;
      source = "PLIANT_TARGET";
    }
  }
  const std::vector<Isa> isas = available_isas();
  if (wanted.empty()) return isas.front();
  for (const Isa isa : isas)
    if (name_of(isa) == wanted) return isa;
  const bool known = std::any_of(std::begin(kIsas), std::end(kIsas),
                                 [&](const IsaName& entry) { return entry.name == wanted; });
  throw Error(ErrorCode::kInvalidArgument, core::message(source, " is '", wanted, "', ",
                                                         known ? "which this machine or build does not have"
                                                               : "which is no instruction set",
                                                         "; expected one of ", list_isas()));
}

SimdKernels simd_kernels(Isa isa) {
  SimdKernels kernels;
  if (!simd::get_gemm_kernels(isa, kernels.gemm) || !simd::get_element_kernels(isa, kernels.element) ||
      !simd::get_sampling_kernels(isa, kernels.sampling) || !simd::get_window_kernels(isa, kernels.window) ||
      !simd::get_depthwise_kernels(isa, kernels.depthwise) ||
      !simd::get_reduce_kernels(isa, kernels.reduce) || !simd::get_winograd_kernels(isa, kernels.winograd) ||
      !simd::get_upsampled_kernels(isa, kernels.upsampled))
    throw Error(ErrorCode::kInternal, core::message("no kernels for ", name_of(isa)));
  return kernels;
}

}  // namespace pliant::backends::cpu

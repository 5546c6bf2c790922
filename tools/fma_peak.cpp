#include "tools/fma_peak.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

namespace pliant::tools {
namespace {

using Clock = std::chrono::steady_clock;

// Latency 4 or 5 times 2 units needs 8 to 10 chains.
constexpr int kChains = 12;
constexpr int kSteps = 20'000;
constexpr int kBlocks = 60;  // of 0.05 to 0.2 ms; the best counts, for a block may be interrupted

template <int kBytes>
struct VectorOf {
  typedef float Type __attribute__((vector_size(kBytes)));
};

// Keeps the compiler from seeing through the chains. A vector register of any width.
#if defined(__x86_64__)
#define PLIANT_KEEP(value) __asm__ volatile("" : "+v"(value))
#elif defined(__aarch64__)
#define PLIANT_KEEP(value) __asm__ volatile("" : "+w"(value))
#else
#error "fma_peak knows x86-64 and aarch64"
#endif

// Macros, because a target attribute does not reach into templates, and single variables, because the
// compiler keeps an array of this size in memory.
#define PLIANT_EACH(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)
#define PLIANT_BEGIN(i) Vector sum##i = factor;
#define PLIANT_STEP(i)               \
  sum##i = sum##i * factor + factor; \
  PLIANT_KEEP(sum##i);
#define PLIANT_TOTAL(i) total = total + sum##i;
#define PLIANT_CHAINS(bytes, start)           \
  using Vector = VectorOf<bytes>::Type;       \
  const Vector factor = Vector{} + (start);   \
  Vector total{};                             \
  PLIANT_EACH(PLIANT_BEGIN)                   \
  for (int step = 0; step < kSteps; ++step) { \
    PLIANT_EACH(PLIANT_STEP)                  \
  }                                           \
  PLIANT_EACH(PLIANT_TOTAL)                   \
  return total[0]

#if defined(__x86_64__)
__attribute__((target("avx512f"), noinline)) float chains_64(float start) { PLIANT_CHAINS(64, start); }
__attribute__((target("avx2,fma"), noinline)) float chains_32(float start) { PLIANT_CHAINS(32, start); }
#endif
__attribute__((noinline)) float chains_16(float start) { PLIANT_CHAINS(16, start); }

struct Variant {
  float (*chains)(float);
  int lanes;
};

std::vector<Variant> variants() {
  std::vector<Variant> found;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) found.push_back({chains_64, 16});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back({chains_32, 8});
#endif
  if (found.empty()) found.push_back({chains_16, 4});
  return found;
}

// GFLOP/s of this thread: the best block.
double measure(const Variant& variant) {
  double best = 0;
  volatile float sink = 0;
  for (int block = 0; block < kBlocks; ++block) {
    const auto start = Clock::now();
    sink = sink + variant.chains(0.5F);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, 2.0 * variant.lanes * kChains * kSteps / seconds * 1e-9);
  }
  return best;
}

double measure_all(const Variant& variant, int threads) {
  std::vector<double> speeds(static_cast<std::size_t>(threads));
  std::atomic<int> ready{0};
  std::vector<std::thread> pool;
  for (double& speed : speeds) {
    pool.emplace_back([&variant, &speed, &ready, threads] {
      // All at once: a core's clock depends on what the others do.
      ++ready;
      while (ready < threads) std::this_thread::yield();
      speed = measure(variant);
    });
  }
  for (std::thread& thread : pool) thread.join();
  double sum = 0;
  for (const double speed : speeds) sum += speed;
  return sum;
}

}  // namespace

double fma_peak_gflops(int threads) {
  double best = 0;
  for (const Variant& variant : variants()) best = std::max(best, measure_all(variant, threads));
  return best;
}

}  // namespace pliant::tools

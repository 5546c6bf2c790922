#include "backends/cpu/context.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "backends/cpu/parallel.hpp"
#include "core/buffer.hpp"
#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::backends::cpu {
namespace {

GemmChoice choose_gemm() {
  const char* value = std::getenv("PLIANT_GEMM");
  const std::string_view name = value == nullptr ? "" : value;
  if (name.empty() || name == "native") return GemmChoice::kNative;
#if PLIANT_OPENBLAS
  if (name == "openblas") return GemmChoice::kOpenblas;
  throw Error(ErrorCode::kInvalidArgument,
              core::message("PLIANT_GEMM is '", name, "', expected native or openblas"));
#else
  throw Error(ErrorCode::kInvalidArgument,
              core::message("PLIANT_GEMM is '", name, "', expected native (this build has no OpenBLAS)"));
#endif
}

Conv2dChoice choose_conv2d() {
  const char* value = std::getenv("PLIANT_CONV2D");
  const std::string_view name = value == nullptr ? "" : value;
  if (name.empty() || name == "auto") return Conv2dChoice::kAuto;
  if (name == "gemm") return Conv2dChoice::kGemm;
  if (name == "winograd4") return Conv2dChoice::kWinograd4;
  if (name == "winograd6") return Conv2dChoice::kWinograd6;
  throw Error(ErrorCode::kInvalidArgument,
              core::message("PLIANT_CONV2D is '", name, "', expected auto, gemm, winograd4 or winograd6"));
}

int checked_threads(int threads) {
  constexpr int kMostThreads = 1024;
  if (threads < 1 || threads > kMostThreads)
    throw Error(ErrorCode::kInvalidArgument,
                core::message("threads is ", threads, ", expected 1 to ", kMostThreads));
  return threads;
}

/// [rows][columns] -> [columns][rows] of one picture; the part [r0, r1).
void transpose(const float* from, float* to, std::int64_t rows, std::int64_t columns, std::int64_t r0,
               std::int64_t r1) {
  constexpr std::int64_t kBlock = 16;
  for (std::int64_t r = r0; r < r1; r += kBlock)
    for (std::int64_t c = 0; c < columns; c += kBlock) {
      const std::int64_t r_end = std::min(r1, r + kBlock);
      const std::int64_t c_end = std::min(columns, c + kBlock);
      for (std::int64_t j = c; j < c_end; ++j)
        for (std::int64_t i = r; i < r_end; ++i) to[j * rows + i] = from[i * columns + j];
    }
}

/// Copies between a host tensor in any layout and the arena, whose rank-4 values are NHWC.
void copy_in_parallel(core::ThreadPool& pool, const ConstTensorView& from, const TensorView& to) {
  if (!(from.shape == to.shape))
    throw Error(ErrorCode::kInternal, core::message("copy: source has shape ", from.shape.to_string(),
                                                    ", destination ", to.shape.to_string()));
  const std::int64_t elements = from.shape.elements();
  const Shape& s = from.shape;
  if (s.rank() != 4 || from.layout == to.layout || s[1] == 1 || s[2] * s[3] == 1) {
    for_ranges(pool, elements, kBytesATask / 4, [&](std::int64_t begin, std::int64_t end, int) {
      std::memcpy(to.data + begin, from.data + begin, static_cast<std::size_t>(end - begin) * sizeof(float));
    });
    return;
  }
  const std::int64_t pixels = s[2] * s[3];
  const bool to_nhwc = to.layout == Layout::kNHWC;
  const std::int64_t rows = to_nhwc ? s[1] : pixels;
  const std::int64_t columns = to_nhwc ? pixels : s[1];
  // Parts of the pixels: those are the many.
  const std::int64_t grain = std::max<std::int64_t>(16, kBytesATask / 4 / s[1] / 16 * 16);
  const std::int64_t parts = ceil_div(pixels, grain);
  pool.parallel_for(s[0] * parts, [&](std::int64_t index, int) {
    const std::int64_t offset = index / parts * s[1] * pixels;
    const std::int64_t p0 = index % parts * grain;
    const std::int64_t p1 = std::min(pixels, p0 + grain);
    const float* source = from.data + offset;
    float* target = to.data + offset;
    if (!to_nhwc) return transpose(source, target, rows, columns, p0, p1);
    for (std::int64_t p = p0; p < p1; ++p)
      for (std::int64_t c = 0; c < rows; ++c) target[p * rows + c] = source[c * columns + p];
  });
}

}  // namespace

CpuContext::CpuContext(const ContextOptions& options)
    : isa_(choose_isa(options.target)),
      simd_(simd_kernels(isa_)),
      gemm_(choose_gemm()),
      conv2d_(choose_conv2d()),
      pool_(checked_threads(options.threads)) {}

std::string CpuContext::description() const {
  return core::message("cpu (", name_of(isa_), ", ", threads(), threads() == 1 ? " thread)" : " threads)");
}

std::byte* CpuContext::allocate(std::size_t bytes) {
  return static_cast<std::byte*>(core::aligned_allocate(bytes));
}

void CpuContext::deallocate(std::byte* memory) noexcept { core::aligned_free(memory); }

void CpuContext::upload(const ConstTensorView& from, const TensorView& to) {
  copy_in_parallel(pool_, from, to);
}

void CpuContext::download(const ConstTensorView& from, const TensorView& to) {
  copy_in_parallel(pool_, from, to);
}

}  // namespace pliant::backends::cpu

#include "backends/cpu/convolution.hpp"

#include <cstring>

#include "core/format.hpp"

namespace pliant::backends::cpu {

void point_rows(const Window& w, const float* input, const float* zeros, std::int64_t begin, std::int64_t end,
                const float** rows) {
  Pixel pixel(w, begin);
  for (std::int64_t p = begin; p < end; ++p, pixel.next(w)) {
    const float* image = input + pixel.image * w.height * w.width * w.channels;
    const std::int64_t x0 = pixel.x * w.stride_w - w.padding_w;
    std::int64_t y = pixel.y * w.stride_h - w.padding_h;
    for (std::int64_t i = 0; i < w.kernel_h; ++i, y += w.dilation_h) {
      const bool row_inside = y >= 0 && y < w.height;
      std::int64_t x = x0;
      for (std::int64_t j = 0; j < w.kernel_w; ++j, x += w.dilation_w)
        *rows++ = row_inside && x >= 0 && x < w.width ? image + (y * w.width + x) * w.channels : zeros;
    }
  }
}

std::shared_ptr<const PackedWeights> packed_convolution(const Window& w, const CpuContext& context,
                                                        PackCache& packs, layers::WeightId id,
                                                        const float* weight) {
  const PackKey key{id.index, core::message(gemm_form(context), " groups ", w.groups)};
  return packs.get<PackedWeights>(key, [&] {
    auto packed = std::make_shared<PackedWeights>();
    const std::int64_t channels = w.group_channels();
    const std::int64_t outputs = w.group_outputs();
    const std::int64_t taps = w.taps();
    for (std::int64_t g = 0; g < w.groups; ++g) {
      const float* from = weight + g * outputs * channels * taps;
      packed->groups.push_back(allocate_matrix(context.simd().gemm, taps * channels, outputs));
      PackedMatrix& b = packed->groups.back();
      // Tap by tap: to divide k by the channels for each weight would take longer than to move it.
      context.pool().parallel_for(b.panels() * taps, [&](std::int64_t index, int) {
        const std::int64_t tap = index % taps;
        const std::int64_t first = tap * channels;
        fill_panel(b, index / taps, first, first + channels, [=](std::int64_t k, std::int64_t n) {
          return from[(n * channels + k - first) * taps + tap];
        });
      });
    }
    const std::size_t bytes = packed->bytes();
    return std::pair{std::shared_ptr<const PackedWeights>(std::move(packed)), bytes};
  });
}

core::Buffer make_zeros(std::int64_t count) {
  core::Buffer zeros(static_cast<std::size_t>(count) * sizeof(float));
  std::memset(zeros.data(), 0, zeros.bytes());
  return zeros;
}

}  // namespace pliant::backends::cpu

#include "backends/cpu/deform_plan.hpp"

#include <cmath>

namespace pliant::backends::cpu {
namespace {

/// floor(v) for v > -1 that fits an integer. Baseline x86-64 has no instruction for std::floor.
inline std::int64_t floor_above_minus_one(float v) {
  const auto truncated = static_cast<std::int64_t>(v);
  return static_cast<float>(truncated) > v ? truncated - 1 : truncated;
}

/// Corners outside point at zeros, not at a clamped pixel with weight 0: the pixel may be infinite.
SamplePoint plan(const Window& w, const float* image, const float* zeros, float y, float x, float mask) {
  // Written so that NaN fails, before anything is converted to an integer.
  const bool inside =
      y > -1.0f && x > -1.0f && y < static_cast<float>(w.height) && x < static_cast<float>(w.width);
  if (!inside) {
    // 0 * mask, as the definition says; a coordinate that is no number samples zero whatever the mask is.
    const bool number = !std::isnan(y) && !std::isnan(x);
    return {{zeros, zeros, zeros, zeros}, {number ? mask : 0.0f, 0.0f, 0.0f, 0.0f}};
  }
  const std::int64_t y0 = floor_above_minus_one(y);
  const std::int64_t x0 = floor_above_minus_one(x);
  const float low_y = y - static_cast<float>(y0);
  const float low_x = x - static_cast<float>(x0);
  const float high_x = 1.0f - low_x;
  const float masked_low = low_y * mask;
  const float masked_high = (1.0f - low_y) * mask;
  const bool top = y0 >= 0;
  const bool bottom = y0 + 1 < w.height;
  const bool left = x0 >= 0;
  const bool right = x0 + 1 < w.width;
  const std::int64_t row = w.width * w.channels;
  const std::int64_t corner = y0 * row + x0 * w.channels;
  return {{top && left ? image + corner : zeros, top && right ? image + corner + w.channels : zeros,
           bottom && left ? image + corner + row : zeros,
           bottom && right ? image + corner + row + w.channels : zeros},
          {masked_high * high_x, masked_high * low_x, masked_low * high_x, masked_low * low_x}};
}

}  // namespace

void plan_samples(const Window& w, std::int64_t offset_groups, const float* input, const float* zeros,
                  const DeformMaps& maps, std::int64_t begin, std::int64_t end, SamplePoint* points) {
  Pixel pixel(w, begin);
  for (std::int64_t p = begin; p < end; ++p, pixel.next(w)) {
    const float* image = input + pixel.image * w.height * w.width * w.channels;
    const std::int64_t out_pixel = pixel.y * w.out_width + pixel.x;
    for (std::int64_t g = 0; g < offset_groups; ++g) {
      std::int64_t channel = g * w.taps();
      std::int64_t y = pixel.y * w.stride_h - w.padding_h;
      for (std::int64_t i = 0; i < w.kernel_h; ++i, y += w.dilation_h) {
        std::int64_t x = pixel.x * w.stride_w - w.padding_w;
        for (std::int64_t j = 0; j < w.kernel_w; ++j, x += w.dilation_w, ++channel) {
          const float dy = maps.offset.at(pixel.image, 2 * channel, out_pixel);
          const float dx = maps.offset.at(pixel.image, 2 * channel + 1, out_pixel);
          const float mask = maps.mask.present() ? maps.mask.at(pixel.image, channel, out_pixel) : 1.0f;
          *points++ = plan(w, image, zeros, static_cast<float>(y) + dy, static_cast<float>(x) + dx, mask);
        }
      }
    }
  }
}

}  // namespace pliant::backends::cpu

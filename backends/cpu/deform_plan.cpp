#include "backends/cpu/deform_plan.hpp"

#include <algorithm>

namespace pliant::backends::cpu {
namespace {

/// Calls body(value) with a function that gives the map's channels at a pixel of the output.
template <class Body>
void with_channels(const PixelMap& map, std::int64_t image, std::int64_t pixel, const Body& body) {
  if (map.fits()) {
    const float* from = map.at(image, pixel);
    body([from](std::int64_t channel) { return from[channel]; });
  } else {
    body([&](std::int64_t channel) { return map.at(image, channel, pixel); });
  }
}

/// Coordinates of all points of one pixel: where the taps are, plus the offsets.
template <class Offsets>
void place_points(const Window& w, std::int64_t offset_groups, const Pixel& pixel, const Offsets& offsets,
                  float* to_y, float* to_x) {
  std::int64_t point = 0;
  for (std::int64_t g = 0; g < offset_groups; ++g) {
    std::int64_t y = pixel.y * w.stride_h - w.padding_h;
    for (std::int64_t i = 0; i < w.kernel_h; ++i, y += w.dilation_h) {
      std::int64_t x = pixel.x * w.stride_w - w.padding_w;
      for (std::int64_t j = 0; j < w.kernel_w; ++j, x += w.dilation_w, ++point) {
        to_y[point] = static_cast<float>(y) + offsets(2 * point);
        to_x[point] = static_cast<float>(x) + offsets(2 * point + 1);
      }
    }
  }
}

}  // namespace

void plan_samples(const SimdKernels& simd, const Window& w, std::int64_t offset_groups,
                  const DeformMaps& maps, std::int64_t begin, std::int64_t end, const PlanScratch& scratch,
                  const PlannedPoints& points) {
  const std::int64_t pixel_points = offset_groups * w.taps();
  SampleCoordinates at;
  at.height = w.height;
  at.width = w.width;
  Pixel pixel(w, begin);
  // The pixels of one image at a time.
  for (std::int64_t p = begin; p < end;) {
    const std::int64_t image = pixel.image;
    const std::int64_t first = (p - begin) * pixel_points;
    std::int64_t next = first;
    for (; p < end && pixel.image == image; ++p, pixel.next(w), next += pixel_points) {
      const std::int64_t out_pixel = pixel.y * w.out_width + pixel.x;
      with_channels(maps.offset, image, out_pixel, [&](const auto& offsets) {
        place_points(w, offset_groups, pixel, offsets, scratch.y + next, scratch.x + next);
      });
      if (!maps.mask.present()) continue;
      with_channels(maps.mask, image, out_pixel, [&](const auto& mask) {
        for (std::int64_t i = 0; i < pixel_points; ++i) scratch.mask[next + i] = mask(i);
      });
    }
    at.count = next - first;
    float* mask = scratch.mask + first;
    if (!maps.mask.present()) std::fill_n(mask, at.count, 1.0f);
    if (maps.sigmoid) simd.element.sigmoid(mask, mask, at.count);
    at.y = scratch.y + first;
    at.x = scratch.x + first;
    at.mask = mask;
    at.first_pixel = static_cast<std::int32_t>(image * w.height * w.width);
    simd.sampling.plan(at, {points.corner + 4 * first, points.weight + 4 * first});
  }
}

}  // namespace pliant::backends::cpu

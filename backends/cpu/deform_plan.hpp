// Where the taps of a deformable convolution read: offsets and masks turned into sample points.
#pragma once

#include "backends/cpu/convolution.hpp"

namespace pliant::backends::cpu {

/// An NHWC map of offsets or masks, which are its channels from `first` on, read at the output's pixels.
/// Where the map is larger than the output, element (channel, pixel) is the one at channel * Ho * Wo + pixel
/// of the NCHW buffer that an image of these channels alone would have.
class PixelMap {
 public:
  PixelMap() = default;
  PixelMap(const ConstTensorView& map, std::int64_t first, std::int64_t out_pixels)
      : data_(map.data + first),
        channels_(map.shape[1]),
        pixels_(map.shape[2] * map.shape[3]),
        out_pixels_(out_pixels) {}

  bool present() const { return data_ != nullptr; }
  /// Whether the map has the output's size: a pixel's channels then are contiguous.
  bool fits() const { return pixels_ == out_pixels_; }
  const float* at(std::int64_t image, std::int64_t pixel) const {
    return data_ + (image * pixels_ + pixel) * channels_;
  }
  /// For a map that does not fit.
  float at(std::int64_t image, std::int64_t channel, std::int64_t pixel) const {
    const float* from = data_ + image * pixels_ * channels_;
    const std::int64_t element = channel * out_pixels_ + pixel;
    return from[element % pixels_ * channels_ + element / pixels_];
  }

 private:
  const float* data_ = nullptr;
  std::int64_t channels_ = 0;
  std::int64_t pixels_ = 0;
  std::int64_t out_pixels_ = 0;
};

struct DeformMaps {
  PixelMap offset;
  PixelMap mask;         ///< may be absent: all ones
  bool sigmoid = false;  ///< the mask is the sigmoid of its map
};

/// Room for the coordinates of points while they are planned.
struct PlanScratch {
  float* y = nullptr;
  float* x = nullptr;
  float* mask = nullptr;
};

/// For output pixels [begin, end): point ((p - begin) * offset_groups + g) * taps + t. Scratch memory and
/// `points` have room for kPlanPadding more.
void plan_samples(const SimdKernels& simd, const Window& w, std::int64_t offset_groups,
                  const DeformMaps& maps, std::int64_t begin, std::int64_t end, const PlanScratch& scratch,
                  const PlannedPoints& points);

}  // namespace pliant::backends::cpu

// Where the taps of a deformable convolution read: offsets and masks turned into sample points.
#pragma once

#include "backends/cpu/convolution.hpp"

namespace pliant::backends::cpu {

/// An NHWC map of offsets or masks, read at the output's pixels. Where the map is larger than the output,
/// element (channel, pixel) is the one at channel * Ho * Wo + pixel of the image's NCHW buffer.
class PixelMap {
 public:
  PixelMap() = default;
  PixelMap(const float* data, const Shape& shape, std::int64_t out_pixels)
      : data_(data), channels_(shape[1]), pixels_(shape[2] * shape[3]), out_pixels_(out_pixels) {}

  bool present() const { return data_ != nullptr; }
  float at(std::int64_t image, std::int64_t channel, std::int64_t pixel) const {
    const float* from = data_ + image * pixels_ * channels_;
    if (pixels_ == out_pixels_) return from[pixel * channels_ + channel];
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
  PixelMap mask;
};

/// For output pixels [begin, end): points[((p - begin) * offset_groups + g) * taps + t].
void plan_samples(const Window& w, std::int64_t offset_groups, const float* input, const float* zeros,
                  const DeformMaps& maps, std::int64_t begin, std::int64_t end, SamplePoint* points);

}  // namespace pliant::backends::cpu

// Resizing of feature maps (torch.nn.Upsample).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x[N,C,H,W] (, value whose H and W are the target) -> y[N,C,Ho,Wo], nearest neighbour or bilinear.
/// With a scale Ho = floor(H * scale) and the source row is min(int(y * float(1 / scale)), H-1); with a
/// target size it is min(int(y * (float(H) / Ho)), H-1). Products in float32, as PyTorch computes them.
///
/// Bilinear: source coordinate max((y + 0.5) * s - 0.5, 0) with s = 1 / scale or H / Ho;
/// with align_corners y * (H-1) / (Ho-1).
struct Upsample {
  static constexpr std::string_view kName = "upsample";
  enum class Mode { kNearest, kBilinear };
  Mode mode = Mode::kNearest;
  bool to_size = false;  // the second input, or `size`, gives the size
  double scale_h = 1;
  double scale_w = 1;
  bool align_corners = false;  // of bilinear
  Pair size{0, 0};             // a fixed target; 0x0 = none

  bool has_fixed_size() const noexcept { return size.h > 0; }
};

PLIANT_DECLARE_LAYER(Upsample);

/// Source index of each of `out` destination indices along an axis of `in`.
std::vector<std::int32_t> nearest_indices(std::int64_t in, std::int64_t out, bool to_size, double scale);

}  // namespace pliant::layers

// Resizing of feature maps (torch.nn.Upsample).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x[N,C,H,W] (, value whose H and W are the target) -> y[N,C,Ho,Wo], nearest neighbour.
/// With a scale Ho = floor(H * scale) and the source row is min(int(y * float(1 / scale)), H-1); with a
/// target size it is min(int(y * (float(H) / Ho)), H-1). Products in float32, as PyTorch computes them.
struct Upsample {
  static constexpr std::string_view kName = "upsample";
  bool to_size = false;  // the second input gives the size
  double scale_h = 1;
  double scale_w = 1;
};

PLIANT_DECLARE_LAYER(Upsample);

/// Source index of each of `out` destination indices along an axis of `in`.
std::vector<std::int32_t> nearest_indices(std::int64_t in, std::int64_t out, bool to_size, double scale);

}  // namespace pliant::layers

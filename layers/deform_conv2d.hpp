// Deformable convolution v1 (no mask) and v2 (mask), with the semantics of torchvision.ops.deform_conv2d.
#pragma once

#include <optional>

#include "layers/declare.hpp"
#include "layers/epilogue.hpp"

namespace pliant::layers {

/// Offsets and, where there is one, the mask are channels of one map, which is the second input: those from
/// `offset` and from `mask` on. `sigmoid`: the mask is the sigmoid of its channels.
struct OneMap {
  std::int64_t offset = 0;
  std::int64_t mask = 0;
  bool sigmoid = false;
};

/// x[N,C,H,W], offset[N,2*G*kh*kw,Ho,Wo], optional mask[N,G*kh*kw,Ho,Wo] (+ residual) -> y[N,Co,Ho,Wo];
/// weight[Co, C/groups, kh, kw], bias[Co].
///
/// Tap (i,j) of output (y,x) samples x at h = y*stride - padding + i*dilation + dy, w likewise with dx: zero
/// unless h > -1, w > -1, h < H and w < W, else bilinear with each corner outside of the picture being zero;
/// times the mask. A coordinate that is not a number samples zero.
struct DeformConv2d {
  static constexpr std::string_view kName = "deform_conv2d";

  /// kExact: offset and mask have the output's H and W. kFlatPrefix: they may be larger, and image by image
  /// their NCHW buffer is read as if it were packed at the output's size, as the original CUDA operator did.
  enum class OffsetRead { kExact, kFlatPrefix };

  WeightId weight;
  WeightId bias;
  Pair stride{1, 1};
  Pair padding{0, 0};
  Pair dilation{1, 1};
  int groups = 1;
  int offset_groups = 1;
  OffsetRead offset_read = OffsetRead::kExact;
  bool masked = false;  // from the number of inputs in the file

  // Not in files: rewrites set these.
  std::optional<OneMap> one_map;
  Epilogue epilogue;
};

PLIANT_DECLARE_LAYER(DeformConv2d);

}  // namespace pliant::layers

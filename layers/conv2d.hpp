// 2-d convolution (torch.nn.Conv2d, zero padding).
#pragma once

#include <optional>

#include "layers/declare.hpp"
#include "layers/epilogue.hpp"
#include "layers/max_pool2d.hpp"

namespace pliant::layers {

/// x[N,C,H,W] (+ residual) -> y[N,Co,Ho,Wo]; weight[Co, C/groups, kh, kw], bias[Co].
struct Conv2d {
  static constexpr std::string_view kName = "conv2d";
  WeightId weight;
  WeightId bias;
  Pair stride{1, 1};
  Pair padding{0, 0};
  Pair dilation{1, 1};
  int groups = 1;
  // Not in files: rewrites set these.
  Pair upsample{1, 1};  // the input is enlarged so by nearest neighbours first
  // The result leads to offsets: a deformable convolution enlarges its rounding errors many times.
  bool reaches_offsets = false;
  Epilogue epilogue;
  std::optional<MaxPool2d> pool;  // of the result, after the epilogue
};

/// The result before it is pooled, [N, Co, Ho, Wo], for shapes that fit.
Shape convolved_shape(const Conv2d& layer, const Shape& x, const Shape& weight);

/// Whether the layer, with a weight of this shape, may have an upsampled input: 3x3, stride, padding and
/// dilation 1, one group.
bool takes_upsampled_input(const Conv2d& layer, const Shape& weight);

PLIANT_DECLARE_LAYER(Conv2d);

}  // namespace pliant::layers

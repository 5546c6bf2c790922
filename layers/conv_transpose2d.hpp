// 2-d transposed convolution (torch.nn.ConvTranspose2d).
#pragma once

#include "layers/declare.hpp"
#include "layers/epilogue.hpp"

namespace pliant::layers {

/// x[N,C,H,W] -> y[N,Co,Ho,Wo]; weight[C, Co/groups, kh, kw], bias[Co].
/// Ho = (H-1)*stride - 2*padding + dilation*(kh-1) + output_padding + 1.
struct ConvTranspose2d {
  static constexpr std::string_view kName = "conv_transpose2d";
  WeightId weight;
  WeightId bias;
  Pair stride{1, 1};
  Pair padding{0, 0};
  Pair output_padding{0, 0};
  Pair dilation{1, 1};
  int groups = 1;
  // Not in files: rewrites set these. `next` is a second transposed convolution of the result, after the
  // epilogue: stride = kernel, no padding, one group, then its own activation.
  Epilogue epilogue;
  WeightId next_weight;
  WeightId next_bias;
  Activation next_activation = Activation::kNone;
};

/// Whether every output belongs to one input pixel alone: stride = kernel, no padding, no dilation, one
/// group.
bool is_pixelwise(const ConvTranspose2d& layer, const Shape& weight);

PLIANT_DECLARE_LAYER(ConvTranspose2d);

}  // namespace pliant::layers

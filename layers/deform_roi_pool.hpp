// Deformable region-of-interest pooling (position-sensitive), after Deformable-Convolution-V2-PyTorch's CUDA
// kernel.
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x[N,C,H,W], rois[R,5] (batch index, x1, y1, x2, y2 in input pixels), optional trans[R, 2*classes, part,
/// part] -> y[R, output_dim, pooled, pooled]. C = output_dim * group_size^2; output_dim is a multiple of
/// classes. A batch index outside of 0 to N-1, or NaN, is kInvalidArgument when the region is computed.
struct DeformRoIPool {
  static constexpr std::string_view kName = "deform_roi_pool";
  double spatial_scale = 1;
  int pooled_size = 1;
  int output_dim = 1;
  int group_size = 1;
  int part_size = 1;
  int sample_per_part = 4;
  double trans_std = 0;
  bool has_trans = false;  // from the number of inputs in the file
};

PLIANT_DECLARE_LAYER(DeformRoIPool);

}  // namespace pliant::layers

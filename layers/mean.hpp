// Arithmetic mean over axes (torch.mean, AdaptiveAvgPool2d(1)).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x -> y with size 1 in the axes, or without them where keepdim is false.
struct Mean {
  static constexpr std::string_view kName = "mean";
  std::vector<int> axes;  // PyTorch's order, >= 0, ascending
  bool keepdim = true;
};

PLIANT_DECLARE_LAYER(Mean);

}  // namespace pliant::layers

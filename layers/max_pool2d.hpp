// Maximum over windows (torch.nn.MaxPool2d). NaN is passed on.
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x[N,C,H,W] -> y[N,C,Ho,Wo]. Padding counts as minus infinity and is at most half the kernel.
struct MaxPool2d {
  static constexpr std::string_view kName = "max_pool2d";
  Pair kernel_size{1, 1};
  Pair stride{1, 1};
  Pair padding{0, 0};
  Pair dilation{1, 1};
  bool ceil_mode = false;
};

PLIANT_DECLARE_LAYER(MaxPool2d);

}  // namespace pliant::layers

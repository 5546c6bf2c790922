// Mean over windows (torch.nn.AvgPool2d).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x[N,C,H,W] -> y[N,C,Ho,Wo]. The divisor of a window is divisor_override where that is not 0, else its
/// size: with count_include_pad clipped to the padded input, else to the input itself.
struct AvgPool2d {
  static constexpr std::string_view kName = "avg_pool2d";
  Pair kernel_size{1, 1};
  Pair stride{1, 1};
  Pair padding{0, 0};
  bool ceil_mode = false;
  bool count_include_pad = true;
  int divisor_override = 0;
};

PLIANT_DECLARE_LAYER(AvgPool2d);

}  // namespace pliant::layers

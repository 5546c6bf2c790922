// Element-wise max(x, 0) + negative_slope * min(x, 0); NaN is passed on.
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x of any shape -> y of the same shape.
struct LeakyReLU {
  static constexpr std::string_view kName = "leaky_relu";
  double negative_slope = 0.01;
};

PLIANT_DECLARE_LAYER(LeakyReLU);

}  // namespace pliant::layers

// Element-wise max(x,0); NaN is passed on.
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x of any shape -> y of the same shape.
struct ReLU {
  static constexpr std::string_view kName = "relu";
};

PLIANT_DECLARE_LAYER(ReLU);

}  // namespace pliant::layers

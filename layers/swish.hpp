// Element-wise x / (1 + exp(-x)), also called SiLU.
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x of any shape -> y of the same shape.
struct Swish {
  static constexpr std::string_view kName = "swish";
};

PLIANT_DECLARE_LAYER(Swish);

}  // namespace pliant::layers

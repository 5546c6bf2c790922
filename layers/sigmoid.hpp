// Element-wise 1/(1+exp(-x)).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x of any shape -> y of the same shape.
struct Sigmoid {
  static constexpr std::string_view kName = "sigmoid";
};

PLIANT_DECLARE_LAYER(Sigmoid);

}  // namespace pliant::layers

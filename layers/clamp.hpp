// Element-wise min(max(x, min), max); NaN is passed on.
#pragma once

#include <limits>

#include "layers/declare.hpp"

namespace pliant::layers {

/// x of any shape -> y of the same shape.
struct Clamp {
  static constexpr std::string_view kName = "clamp";
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

PLIANT_DECLARE_LAYER(Clamp);

}  // namespace pliant::layers

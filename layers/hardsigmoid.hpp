// Element-wise clamp(x * slope + offset, 0, 1).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x of any shape -> y of the same shape.
struct Hardsigmoid {
  static constexpr std::string_view kName = "hardsigmoid";
  double slope = 1.0 / 6;
  double offset = 0.5;
};

PLIANT_DECLARE_LAYER(Hardsigmoid);

}  // namespace pliant::layers

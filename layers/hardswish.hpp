// Element-wise x * clamp(x + 3, 0, 6) / 6.
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x of any shape -> y of the same shape.
struct Hardswish {
  static constexpr std::string_view kName = "hardswish";
};

PLIANT_DECLARE_LAYER(Hardswish);

}  // namespace pliant::layers

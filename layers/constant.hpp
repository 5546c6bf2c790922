// A weight as a value.
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// No input -> the weight, with its shape in PyTorch's order.
struct Constant {
  static constexpr std::string_view kName = "constant";
  WeightId weight;
};

PLIANT_DECLARE_LAYER(Constant);

}  // namespace pliant::layers

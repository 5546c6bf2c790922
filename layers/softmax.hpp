// Softmax along one axis.
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// y = exp(x - max) / sum(exp(x - max)) along `axis`; the shape stays.
struct Softmax {
  static constexpr std::string_view kName = "softmax";
  int axis = 1;  // PyTorch's order, >= 0
};

PLIANT_DECLARE_LAYER(Softmax);

}  // namespace pliant::layers

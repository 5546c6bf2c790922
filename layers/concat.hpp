// Joins tensors along one axis (torch.cat).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// One or more inputs that agree in all other sizes -> y.
struct Concat {
  static constexpr std::string_view kName = "concat";
  int axis = 1;  // PyTorch's order, >= 0
};

PLIANT_DECLARE_LAYER(Concat);

}  // namespace pliant::layers

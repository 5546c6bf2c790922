// Permutation of axes (torch.permute).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// Axis i of the result is axis perm[i] of x.
struct Transpose {
  static constexpr std::string_view kName = "transpose";
  std::vector<int> perm;  // PyTorch's order
};

PLIANT_DECLARE_LAYER(Transpose);

}  // namespace pliant::layers

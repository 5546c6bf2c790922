// Fully connected layer along the last axis (torch.nn.Linear).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x[..., in] -> y[..., out]; weight[out, in], bias[out]. Any rank; the last axis of a rank-4 value is its
/// width.
struct Linear {
  static constexpr std::string_view kName = "linear";
  WeightId weight;
  WeightId bias;
};

PLIANT_DECLARE_LAYER(Linear);

}  // namespace pliant::layers

// Batch normalisation with fixed statistics (torch.nn.BatchNorm2d in eval mode).
#pragma once

#include "layers/declare.hpp"
#include "layers/epilogue.hpp"

namespace pliant::layers {

/// y = (x - mean) / sqrt(var + eps) * weight + bias per channel; weight and bias are optional.
struct BatchNorm2d {
  static constexpr std::string_view kName = "batch_norm2d";
  WeightId weight;
  WeightId bias;
  WeightId mean;
  WeightId var;
  double eps = 1e-5;
};

PLIANT_DECLARE_LAYER(BatchNorm2d);

}  // namespace pliant::layers

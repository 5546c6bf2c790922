// Element-wise difference a - b of two tensors with NumPy broadcasting.
#pragma once

#include "layers/declare.hpp"
#include "layers/epilogue.hpp"

namespace pliant::layers {

/// a, b of the same rank -> y; each size is equal or 1 in one of them.
struct Sub {
  static constexpr std::string_view kName = "sub";
  Activation activation = Activation::kNone;  // not in files
};

PLIANT_DECLARE_LAYER(Sub);

}  // namespace pliant::layers

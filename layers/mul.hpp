// Element-wise multiplication of two tensors with NumPy broadcasting.
#pragma once

#include "layers/declare.hpp"
#include "layers/epilogue.hpp"

namespace pliant::layers {

/// a, b of the same rank -> y; each size is equal or 1 in one of them.
struct Mul {
  static constexpr std::string_view kName = "mul";
  Activation activation = Activation::kNone;  // not in files
};

PLIANT_DECLARE_LAYER(Mul);

}  // namespace pliant::layers

// Element-wise addition of two tensors with NumPy broadcasting.
#pragma once

#include "layers/declare.hpp"
#include "layers/epilogue.hpp"

namespace pliant::layers {

/// a, b of the same rank -> y; each size is equal or 1 in one of them.
struct Add {
  static constexpr std::string_view kName = "add";
  // Not in files: rewrites set these.
  Activation activation = Activation::kNone;
  Pair upsample{1, 1};  // b is enlarged so by nearest neighbours first, to the size of a; rank 4
};

PLIANT_DECLARE_LAYER(Add);

}  // namespace pliant::layers

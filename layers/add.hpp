// Element-wise addition of two tensors with NumPy broadcasting.
#pragma once

#include "layers/declare.hpp"
#include "layers/epilogue.hpp"

namespace pliant::layers {

/// a, b of the same rank -> y; each size is equal or 1 in one of them.
struct Add {
  static constexpr std::string_view kName = "add";
  Activation activation = Activation::kNone;  // not in files
};

PLIANT_DECLARE_LAYER(Add);

}  // namespace pliant::layers

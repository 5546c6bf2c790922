// Element-wise quotient a / b of two tensors with NumPy broadcasting.
#pragma once

#include "layers/declare.hpp"
#include "layers/epilogue.hpp"

namespace pliant::layers {

/// a, b of the same rank -> y; each size is equal or 1 in one of them.
struct Div {
  static constexpr std::string_view kName = "div";
  Activation activation = Activation::kNone;  // not in files
};

PLIANT_DECLARE_LAYER(Div);

}  // namespace pliant::layers

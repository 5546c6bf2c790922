// What a kernel may do to its result before it is written. Files carry none: rewrites fuse them where the
// backend agrees.
#pragma once

namespace pliant::layers {

enum class Activation { kNone, kReLU, kSigmoid };

/// result = activation(value + bias + residual). The residual is the node's last input, of the output's
/// shape.
struct Epilogue {
  bool residual = false;
  Activation activation = Activation::kNone;
  friend bool operator==(const Epilogue&, const Epilogue&) = default;
};

}  // namespace pliant::layers

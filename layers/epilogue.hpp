// What a kernel may do to its result before it is written. Files carry none: rewrites fuse them where the
// backend agrees.
#pragma once

namespace pliant::layers {

enum class Activation { kNone, kReLU, kSigmoid, kHardswish, kSwish };

/// result = activation(value + bias + residual) * scale + shift. The residual is the node's last input, of
/// the output's shape.
struct Epilogue {
  bool residual = false;
  Activation activation = Activation::kNone;
  float scale = 1;
  float shift = 0;

  bool scales() const { return scale != 1 || shift != 0; }
  friend bool operator==(const Epilogue&, const Epilogue&) = default;
};

}  // namespace pliant::layers

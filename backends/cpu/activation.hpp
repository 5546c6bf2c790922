// Activations at the end of kernels.
#pragma once

#include <cstdint>

#include "backends/cpu/simd/kernels.hpp"
#include "layers/epilogue.hpp"

namespace pliant::backends::cpu {

/// The numbers of hardswish(v) * scale + shift.
constexpr HardswishNumbers hardswish_numbers(float scale, float shift) { return {scale / 6, shift}; }

/// activation(v) * scale + shift in place, of n contiguous floats. Hardswish alone takes scale and shift.
inline void activate(const ElementKernels& element, layers::Activation activation, float scale, float shift,
                     float* y, std::int64_t n) {
  const HardswishNumbers numbers = hardswish_numbers(scale, shift);
  switch (activation) {
    case layers::Activation::kNone:
      break;
    case layers::Activation::kReLU:
      element.relu(y, y, n);
      break;
    case layers::Activation::kSigmoid:
      element.sigmoid(y, y, n);
      break;
    case layers::Activation::kHardswish:
      element.hardswish(y, numbers.sixth, numbers.shift, y, n);
      break;
    case layers::Activation::kSwish:
      element.swish(y, y, n);
      break;
  }
}
inline void activate(const ElementKernels& element, const layers::Epilogue& epilogue, float* y,
                     std::int64_t n) {
  activate(element, epilogue.activation, epilogue.scale, epilogue.shift, y, n);
}

/// What kernels leave to a pass of its own when they do ReLU themselves, and perhaps hardswish.
constexpr bool is_left_by_relu(layers::Activation activation) {
  return activation != layers::Activation::kNone && activation != layers::Activation::kReLU;
}
constexpr bool is_left_by_hardswish(layers::Activation activation) {
  return is_left_by_relu(activation) && activation != layers::Activation::kHardswish;
}

}  // namespace pliant::backends::cpu

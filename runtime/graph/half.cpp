#include "runtime/graph/half.hpp"

#include <bit>

namespace pliant::runtime {

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  // Subnormal or zero: fraction * 2^-24, exact in single precision.
  const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
  return sign != 0 ? -magnitude : magnitude;
}

void widen_halves(std::span<const std::uint8_t> bytes, float* out) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    *out++ = half_to_float(static_cast<std::uint16_t>(bytes[i] | bytes[i + 1] << 8));
}

}  // namespace pliant::runtime

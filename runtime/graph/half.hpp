// IEEE 754 half precision as it stands in model files.
#pragma once

#include <cstdint>
#include <span>

namespace pliant::runtime {

/// The same number in single precision, which holds every half: subnormals, infinities and NaN too.
float half_to_float(std::uint16_t bits);

/// Widens `bytes`, two for each number, little-endian, into `out`, which has half as many elements.
void widen_halves(std::span<const std::uint8_t> bytes, float* out);

}  // namespace pliant::runtime

#include "tests/fuzz/mutate.hpp"

#include <algorithm>
#include <cstdint>

namespace pliant::fuzz {

Bytes Mutator::mutated(const Bytes& input, std::span<const Bytes> others) {
  Bytes bytes = input;
  for (std::size_t steps = 1 + below(6); steps > 0; --steps) step(bytes, others);
  return bytes;
}

void Mutator::step(Bytes& bytes, std::span<const Bytes> others) {
  constexpr std::size_t kMostBytes = 1 << 16;
  const std::size_t at = below(bytes.size());
  const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  switch (bytes.empty() ? 1 : below(8)) {
    case 0:
      bytes[at] ^= static_cast<std::byte>(1U << below(8));
      break;
    case 1:
      if (bytes.size() < kMostBytes) bytes.insert(place, 1 + below(8), static_cast<std::byte>(random_()));
      break;
    case 2:
      bytes.erase(place, place + static_cast<std::ptrdiff_t>(std::min(1 + below(16), bytes.size() - at)));
      break;
    case 3:
      if (below(4) == 0) bytes.resize(at);  // most of what is cut off tells nothing new
      break;
    case 4:
      splice(bytes, others[below(others.size())]);
      break;
    case 5:
      bytes[at] = static_cast<std::byte>(random_());
      break;
    default:
      overwrite_number(bytes);
  }
}

void Mutator::overwrite_number(Bytes& bytes) {
  constexpr std::int64_t kLimits[] = {
      0,       1,       -1,     2,      3,         4,         127,        128,
      255,     256,     32767,  32768,  65535,     65536,     2147483647, -2147483648LL,
      1 << 20, 1 << 24, 1 << 8, 1 << 4, INT64_MAX, INT64_MIN, 0x7F800000, 0x7FC00000};
  std::uint64_t value = static_cast<std::uint64_t>(kLimits[below(std::size(kLimits))]);
  const std::size_t width = std::size_t{1} << below(4);
  const bool big_endian = below(4) == 0;
  // Numbers of a file are mostly aligned to their size.
  std::size_t at = below(bytes.size());
  if (below(4) != 0) at -= at % width;
  for (std::size_t i = 0; i < width && at + i < bytes.size(); ++i) {
    const std::size_t shift = 8 * (big_endian ? width - 1 - i : i);
    bytes[at + i] = static_cast<std::byte>(value >> shift);
  }
}

void Mutator::splice(Bytes& bytes, const Bytes& other) {
  if (other.empty()) return;
  const std::size_t from = below(other.size());
  const std::size_t count = std::min(1 + below(64), other.size() - from);
  const Bytes piece(other.begin() + static_cast<std::ptrdiff_t>(from),
                    other.begin() + static_cast<std::ptrdiff_t>(from + count));
  const std::size_t at = below(bytes.size());
  std::copy_n(piece.begin(), std::min(count, bytes.size() - at),
              bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace pliant::fuzz

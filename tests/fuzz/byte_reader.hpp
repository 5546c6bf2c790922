// Turns fuzz input into choices. Past the end of the input everything is 0.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pliant::fuzz {

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool empty() const { return at_ >= bytes_.size(); }
  std::span<const std::byte> rest() const { return bytes_.subspan(at_); }

  std::uint8_t byte() { return empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(bytes_[at_++]); }
  bool flag() { return (byte() & 1U) != 0; }

  /// least..most, both included; one byte of input.
  int number(int least, int most) { return least + byte() % (most - least + 1); }

  /// Any bit pattern.
  template <class T>
  T raw() {
    std::array<std::uint8_t, sizeof(T)> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = byte();
    return std::bit_cast<T>(bytes);
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

}  // namespace pliant::fuzz

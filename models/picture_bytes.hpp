// Reading numbers from the bytes of an untrusted picture file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pliant::models {

using Bytes = std::span<const std::byte>;

/// Whether `count` bytes from `offset` lie inside; written so that nothing can overflow.
inline bool has_bytes(Bytes bytes, std::size_t offset, std::size_t count) noexcept {
  return offset <= bytes.size() && count <= bytes.size() - offset;
}

inline std::uint32_t byte_at(Bytes bytes, std::size_t offset) noexcept {
  return std::to_integer<std::uint32_t>(bytes[offset]);
}

/// The caller has made sure with has_bytes that the number is there.
inline std::uint32_t u16_le(Bytes bytes, std::size_t offset) noexcept {
  return byte_at(bytes, offset) | (byte_at(bytes, offset + 1) << 8);
}
inline std::uint32_t u16_be(Bytes bytes, std::size_t offset) noexcept {
  return (byte_at(bytes, offset) << 8) | byte_at(bytes, offset + 1);
}
inline std::uint32_t u32_le(Bytes bytes, std::size_t offset) noexcept {
  return u16_le(bytes, offset) | (u16_le(bytes, offset + 2) << 16);
}
inline std::uint32_t u32_be(Bytes bytes, std::size_t offset) noexcept {
  return (u16_be(bytes, offset) << 16) | u16_be(bytes, offset + 2);
}

/// Whether the bytes from `offset` are those of the string literal, without its final zero.
template <std::size_t N>
bool matches(Bytes bytes, std::size_t offset, const char (&text)[N]) noexcept {
  if (!has_bytes(bytes, offset, N - 1)) {
    return false;
  }
  for (std::size_t i = 0; i + 1 < N; ++i) {
    if (byte_at(bytes, offset + i) != static_cast<unsigned char>(text[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace pliant::models

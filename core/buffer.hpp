// Untyped memory aligned to a cache line.
#pragma once

#include <cstddef>
#include <utility>

namespace pliant::core {

inline constexpr std::size_t kAlignment = 64;

/// Rounds up to a multiple of kAlignment. The caller makes sure that it does not overflow.
constexpr std::size_t align_up(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Throws kOutOfMemory, naming the size, where memory is short. Freed with aligned_free.
void* aligned_allocate(std::size_t bytes);
void aligned_free(void* p) noexcept;

/// Owns bytes, uninitialised, aligned to kAlignment. Movable.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t bytes)
      : data_(static_cast<std::byte*>(aligned_allocate(bytes))), bytes_(bytes) {}
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Buffer() { aligned_free(data_); }

  std::byte* data() const noexcept { return data_; }
  float* floats() const noexcept { return reinterpret_cast<float*>(data_); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace pliant::core

// The one block of memory of a session that all its plans share.
#pragma once

#include <cstddef>

#include "backends/backend.hpp"

namespace pliant::runtime {

class Arena {
 public:
  explicit Arena(backends::Context& context) : context_(context) {}
  ~Arena() { release(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Makes room for `needed` bytes, and gives memory back where far more is held. Returns true where the
  /// memory moved; its content is then lost. Throws kOutOfMemory, also where the machine's whole memory is
  /// less.
  bool resize(std::size_t needed);
  void release() noexcept;

  std::byte* data() const noexcept { return data_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  backends::Context& context_;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace pliant::runtime

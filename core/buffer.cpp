#include "core/buffer.hpp"

#include <cstdlib>
#include <limits>

#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::core {

void* aligned_allocate(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  if (bytes <= std::numeric_limits<std::size_t>::max() / 2) {
    // Large blocks go to the system at once, so that freeing them gives the pages back.
    if (void* p = std::aligned_alloc(kAlignment, align_up(bytes))) return p;
  }
  throw Error(ErrorCode::kOutOfMemory, message("cannot allocate ", bytes, " bytes (", bytes >> 20, " MiB)"));
}

void aligned_free(void* p) noexcept { std::free(p); }

}  // namespace pliant::core

#include "runtime/engine/arena.hpp"

#include <unistd.h>

#include <utility>

#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::runtime {
namespace {

std::size_t physical_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page) : 0;
}

/// Linux promises memory that it does not have, and kills the process when it is touched: better refuse what
/// cannot fit.
void check_fits(std::size_t needed) {
  const std::size_t physical = physical_memory();
  if (physical != 0 && needed > physical)
    throw Error(ErrorCode::kOutOfMemory,
                core::message("this input needs ", needed >> 20, " MiB of working memory, the machine has ",
                              physical >> 20, " MiB; use a smaller input (detect: --max-side)"));
}

}  // namespace

bool Arena::resize(std::size_t needed) {
  // Between plans of similar size the memory stays, so that its pages stay mapped.
  if (needed <= bytes_ && needed >= bytes_ / 2) return false;
  if (needed == bytes_) return false;
  check_fits(needed);
  release();
  data_ = context_.allocate(needed);
  bytes_ = needed;
  return true;
}

void Arena::release() noexcept {
  if (data_ != nullptr) context_.deallocate(std::exchange(data_, nullptr));
  bytes_ = 0;
}

}  // namespace pliant::runtime

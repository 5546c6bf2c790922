#include "pliant/version.hpp"

#define PLIANT_TEXT_OF_(x) #x
#define PLIANT_TEXT_OF(x) PLIANT_TEXT_OF_(x)

namespace pliant {

const char* version() noexcept {
  return PLIANT_TEXT_OF(PLIANT_VERSION_MAJOR) "." PLIANT_TEXT_OF(PLIANT_VERSION_MINOR) "." PLIANT_TEXT_OF(
      PLIANT_VERSION_PATCH);
}

int model_format_version() noexcept { return 1; }

}  // namespace pliant

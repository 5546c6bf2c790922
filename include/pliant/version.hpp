// The version of the library. CMake reads these three numbers from here.
#pragma once

#include "pliant/export.hpp"

#define PLIANT_VERSION_MAJOR 0
#define PLIANT_VERSION_MINOR 1
#define PLIANT_VERSION_PATCH 0

namespace pliant {

/// Version of the library that is linked (not of the headers), e.g. "0.1.0". Static storage.
PLIANT_API const char* version() noexcept;

/// Greatest major version of model files that this library reads (schema/README.md).
PLIANT_API int model_format_version() noexcept;

}  // namespace pliant

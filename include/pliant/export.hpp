// Marks what the shared libraries export; everything else is hidden.
#pragma once

#if defined(_WIN32)
#error "Pliant supports Linux on x86-64 and aarch64"
#endif

#define PLIANT_API __attribute__((visibility("default")))

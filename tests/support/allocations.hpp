// Counts calls of malloc and its like, by all threads of the program that links allocations.cpp.
#pragma once

namespace pliant::test {

/// Whether the count is one: not with sanitizers, which have allocators of their own, nor with a C library
/// that is not glibc.
bool allocations_are_counted();

/// malloc, calloc, realloc, aligned_alloc, posix_memalign, memalign so far; operator new calls them.
long allocations();

}  // namespace pliant::test

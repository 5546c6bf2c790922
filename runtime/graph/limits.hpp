// Bounds of what a model file may hold, checked before anything of it is copied.
#pragma once

#include <cstdint>

#include "schema/model_generated.h"

namespace pliant::runtime {

/// Numbers of items and their alignment, names (length, no control characters), the sum of the weights'
/// bytes. A file's parts may lie over each other: without bounds a small file could ask for any amount of
/// memory. `file_bytes` is the file's size. Throws kInvalidModel.
void check_limits(const schema::Model& model, std::uint64_t file_bytes);

}  // namespace pliant::runtime

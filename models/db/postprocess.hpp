// What find_text_regions checks before it begins, for those who want to know earlier.
#pragma once

#include "pliant/vision.hpp"

namespace pliant::models {

/// Throws kInvalidArgument for a parameter out of range.
void check_postprocess(const TextPostprocess& parameters);

}  // namespace pliant::models

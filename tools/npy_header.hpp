// The header of NumPy's .npy files, formats 1.0, 2.0 and 3.0 (numpy.lib.format).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "pliant/tensor.hpp"

namespace pliant::tools {

/// What stands before the header's text: magic, version and the text's length.
struct NpyPrefix {
  static constexpr std::size_t kMagicBytes = 8;  ///< magic and version
  std::size_t length_bytes = 0;                  ///< 2 or 4: how many bytes give the length
};

/// Checks the first 8 bytes. `name` is the file's, for messages. Throws kInvalidArgument.
NpyPrefix parse_npy_magic(std::string_view bytes, const std::string& name);

/// The shape from the header's text (a Python dict literal). Everything but little-endian float32 in
/// row-major order is refused with what to do about it. Throws kInvalidArgument.
Shape parse_npy_header(std::string_view text, const std::string& name);

/// All bytes that stand before the elements, format 1.0, padded to a multiple of 64.
std::string make_npy_header(const Shape& shape);

}  // namespace pliant::tools

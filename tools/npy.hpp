// Arrays in NumPy's .npy files.
#pragma once

#include <string>
#include <vector>

#include "pliant/tensor.hpp"
#include "tools/safe_file.hpp"

namespace pliant::tools {

/// Row-major float32 elements.
struct NpyArray {
  std::vector<float> values;
  Shape shape;

  ConstTensorView view() const { return {values.data(), shape}; }
};

/// Reads a file that holds one float32 array and nothing behind it; "-" is standard input. The size that the
/// header claims is compared with the file's length before memory is taken; from a pipe, memory grows with
/// the bytes that come. Throws kIo, kInvalidArgument.
NpyArray read_npy(const std::string& path);

/// Throws kIo.
void write_npy(OutputFile& file, const ConstTensorView& array);

}  // namespace pliant::tools

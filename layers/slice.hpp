// A part of a tensor along one axis (x[:, start:end:step]).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// NumPy's meaning of negative and far bounds; step >= 1.
struct Slice {
  static constexpr std::string_view kName = "slice";
  int axis = 1;  // PyTorch's order, >= 0
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t step = 1;
};

PLIANT_DECLARE_LAYER(Slice);

/// First index and count of the elements taken from an axis of `size`.
struct SliceRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};
SliceRange slice_range(const Slice& layer, std::int64_t size);

}  // namespace pliant::layers

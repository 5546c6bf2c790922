// The same elements, in PyTorch's order, with other sizes (torch.reshape, view, flatten).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x -> y. The element order is that of NCHW also where the memory is NHWC.
struct Reshape {
  static constexpr std::string_view kName = "reshape";

  /// size > 0: that size; 0: the input's size along `copy` * factor / divisor; -1, at most once: the rest.
  struct Dimension {
    std::int64_t size = 0;
    int copy = 0;
    std::int64_t factor = 1;
    std::int64_t divisor = 1;
  };
  std::vector<Dimension> dimensions;
};

PLIANT_DECLARE_LAYER(Reshape);

}  // namespace pliant::layers

// Elements added at the borders (torch.nn.functional.pad).
#pragma once

#include "layers/declare.hpp"

namespace pliant::layers {

/// x -> y, `before` and `after` elements added along each axis; negative numbers cut off (constant mode).
struct Pad {
  static constexpr std::string_view kName = "pad";
  enum class Mode { kConstant, kReflect, kReplicate };
  std::vector<std::int64_t> before;  // one an axis, PyTorch's order
  std::vector<std::int64_t> after;
  Mode mode = Mode::kConstant;
  double value = 0;
};

PLIANT_DECLARE_LAYER(Pad);

}  // namespace pliant::layers

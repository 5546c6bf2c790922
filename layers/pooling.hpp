// Rules that the poolings share.
#pragma once

#include "layers/context.hpp"

namespace pliant::layers {

/// Kernel and stride >= 1, padding at most half of the kernel.
void check_pooling(const NodeContext& context, Pair kernel_size, Pair stride, Pair padding, Pair dilation);

/// [N, C, Ho, Wo]. In ceil mode the last window must start inside the input or its left padding, as in
/// PyTorch.
Shape pooling_output(const NodeContext& context, const Shape& x, Pair kernel_size, Pair stride, Pair padding,
                     Pair dilation, bool ceil_mode);

}  // namespace pliant::layers

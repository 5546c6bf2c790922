// 3x3 convolutions of nearest-upsampled maps, with nine products a source pixel.
#pragma once

#include "backends/cpu/convolution.hpp"
#include "layers/conv2d.hpp"

namespace pliant::backends::cpu {

/// `layer.upsample` is 2 or more both ways. Throws kInternal for convolutions that are not 3x3 with stride,
/// padding and dilation 1 and one group: no rewrite makes others.
std::unique_ptr<Prepared> prepare_upsampled(const layers::Conv2d& layer, Weights weights, const Window& w,
                                            const PrepareArguments& arguments);

}  // namespace pliant::backends::cpu

// Conv2d with one input channel a group and as many outputs as inputs.
#pragma once

#include "backends/cpu/convolution.hpp"
#include "layers/conv2d.hpp"

namespace pliant::backends::cpu {

bool is_depthwise(const Window& w);

std::unique_ptr<Prepared> prepare_depthwise(const layers::Conv2d& layer, Weights weights, const Window& w,
                                            const PrepareArguments& arguments);

}  // namespace pliant::backends::cpu

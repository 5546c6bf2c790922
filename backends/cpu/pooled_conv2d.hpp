// A convolution and the max-pooling of its result in one pass: the map between them, the largest of most
// networks, is never written; a task keeps the few rows of it that a window needs.
#pragma once

#include "backends/cpu/convolution.hpp"
#include "layers/conv2d.hpp"

namespace pliant::backends::cpu {

/// Whether the pass is made for this pooling, and faster than two: a pure function of its arguments.
bool pays_to_pool(const layers::Conv2d& layer, const layers::MaxPool2d& pool, const Shape& weight);

/// `w` is the convolution, without the pooling. The result has the bits of the two layers one after the
/// other.
std::unique_ptr<Prepared> prepare_pooled(const layers::Conv2d& layer, Weights weights, const Window& w,
                                         const PrepareArguments& arguments);

}  // namespace pliant::backends::cpu

// ConvTranspose2d whose kernel is its stride, with few output channels: windows do not overlap, so an input
// pixel makes one block of output pixels in a single product, too narrow if it were done tap by tap.
#pragma once

#include "backends/cpu/convolution.hpp"
#include "layers/conv_transpose2d.hpp"

namespace pliant::backends::cpu {

bool is_pixel_shuffle(const layers::ConvTranspose2d& layer, Weights weights,
                      const PrepareArguments& arguments);

std::unique_ptr<Prepared> prepare_pixel_shuffle(const layers::ConvTranspose2d& layer, Weights weights,
                                                const PrepareArguments& arguments);

}  // namespace pliant::backends::cpu

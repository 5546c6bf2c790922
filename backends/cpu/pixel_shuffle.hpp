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

/// The same followed by the layer's `next`, tile by tile.
std::unique_ptr<Prepared> prepare_pixel_shuffle_pair(const layers::ConvTranspose2d& layer, Weights weights,
                                                     const PrepareArguments& arguments);

/// weight[C, Co, kh, kw] as B[C][(tap, output channel)]. From the cache.
std::shared_ptr<const PackedMatrix> packed_shuffle(const CpuContext& context, Weights weights,
                                                   layers::WeightId id, PackCache& packs);

}  // namespace pliant::backends::cpu

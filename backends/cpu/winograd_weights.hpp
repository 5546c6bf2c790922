// The weights of a 3x3 convolution as matrices of Winograd's products.
#pragma once

#include <memory>

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/tile_products.hpp"

namespace pliant::backends::cpu {

/// G g G^T, row by row, of weight[Co, C, 3, 3] in double precision, rounded once. From the cache.
std::shared_ptr<const PlaceWeights> winograd_weights(const Window& w, WinogradTile tile,
                                                     const CpuContext& context, PackCache& packs,
                                                     layers::WeightId id, const float* weight);

}  // namespace pliant::backends::cpu

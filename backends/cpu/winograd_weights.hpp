// The weights of a 3x3 convolution as matrices of Winograd's products.
#pragma once

#include <memory>
#include <vector>

#include "backends/cpu/convolution.hpp"

namespace pliant::backends::cpu {

/// One matrix B[C][Co] for each place of the tile, row by row.
struct WinogradWeights {
  std::vector<PackedMatrix> places;
};

/// G g G^T of weight[Co, C, 3, 3] in double precision, rounded once. From the cache.
std::shared_ptr<const WinogradWeights> winograd_weights(const Window& w, WinogradTile tile,
                                                        const CpuContext& context, PackCache& packs,
                                                        layers::WeightId id, const float* weight);

}  // namespace pliant::backends::cpu

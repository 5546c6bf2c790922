// 3x3 convolutions with stride 1 by Winograd's tiles: 2.25 (4x4) or 1.78 (6x6) products an output and channel
// instead of 9, for some additions before and after.
#pragma once

#include <optional>

#include "backends/cpu/convolution.hpp"
#include "layers/conv2d.hpp"

namespace pliant::backends::cpu {

/// Whether tiles can compute it at all: 3x3, stride and dilation 1, one group.
bool takes_winograd(const Window& w);

/// Whether it may be worth it, too, where the map is large enough.
bool suits_winograd(const Window& w);

/// The tile that makes the convolution fastest, none where the direct way is or where rounding errors must
/// not grow. A pure function of its arguments.
std::optional<WinogradTile> choose_winograd(const layers::Conv2d& layer, const Window& w);

std::unique_ptr<Prepared> prepare_winograd(const layers::Conv2d& layer, Weights weights, const Window& w,
                                           WinogradTile tile, const PrepareArguments& arguments);

}  // namespace pliant::backends::cpu

// Rules that the convolutions share.
#pragma once

#include <initializer_list>

#include "layers/context.hpp"
#include "layers/epilogue.hpp"

namespace pliant::layers {

/// Strides and dilations >= 1, paddings >= 0.
void check_window(const NodeContext& context, Pair stride, Pair padding, Pair dilation);

/// weight[Co, C/groups, kh, kw] with Co divisible by groups, bias[Co] where present.
void check_convolution_weights(const NodeContext& context, WeightId weight, WeightId bias, int groups);

void check_input_channels(const NodeContext& context, const Shape& x, std::int64_t expected);

/// [N, Co, Ho, Wo] of weight[Co, _, kh, kw]. Throws kInvalidArgument where nothing is left.
Shape convolution_output(const NodeContext& context, const Shape& x, const Shape& weight, Pair stride,
                         Pair padding, Pair dilation);

/// The last input has the output's shape where the epilogue adds it.
void check_residual(const NodeContext& context, const Epilogue& epilogue, std::span<const Shape> inputs,
                    const Shape& output);

/// N * Ho * Wo * Co * (C/groups) * kh * kw
std::uint64_t convolution_macs(const Shape& weight, const Shape& output);

std::vector<WeightId> present(std::initializer_list<WeightId> ids);

}  // namespace pliant::layers

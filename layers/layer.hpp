// A layer: the attributes of one operation, and what can be said of it without computing it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "layers/add.hpp"
#include "layers/avg_pool2d.hpp"
#include "layers/batch_norm2d.hpp"
#include "layers/clamp.hpp"
#include "layers/concat.hpp"
#include "layers/constant.hpp"
#include "layers/context.hpp"
#include "layers/conv2d.hpp"
#include "layers/conv_transpose2d.hpp"
#include "layers/deform_conv2d.hpp"
#include "layers/deform_roi_pool.hpp"
#include "layers/div.hpp"
#include "layers/hardsigmoid.hpp"
#include "layers/hardswish.hpp"
#include "layers/leaky_relu.hpp"
#include "layers/linear.hpp"
#include "layers/max_pool2d.hpp"
#include "layers/mean.hpp"
#include "layers/mul.hpp"
#include "layers/pad.hpp"
#include "layers/relu.hpp"
#include "layers/reshape.hpp"
#include "layers/sigmoid.hpp"
#include "layers/slice.hpp"
#include "layers/softmax.hpp"
#include "layers/sub.hpp"
#include "layers/swish.hpp"
#include "layers/transpose.hpp"
#include "layers/upsample.hpp"

namespace pliant::layers {

namespace detail {
template <class Ignored, class... Types>
struct VariantOf {
  using type = std::variant<Types...>;
};
}  // namespace detail

/// Exactly the types of layers.def.
using Layer = detail::VariantOf<void
#define PLIANT_LAYER(Type, file, origin) , Type
#include "layers/layers.def"
                                >::type;

/// "conv2d"
std::string_view name_of(const Layer& layer);

/// Reads a node's layer from the file. Throws kInvalidModel for unknown layers and enum values.
Layer decode(const schema::Node& node);

/// Checks all that does not depend on shapes (attributes, weights' shapes, number and rank of inputs) and
/// returns the ranks of the outputs. Throws kInvalidModel.
std::vector<int> validate(const Layer& layer, const NodeContext& context, std::span<const int> input_ranks);

/// Shapes of the outputs, after validate. Throws kInvalidArgument where the inputs' shapes do not fit.
std::vector<Shape> infer_shapes(const Layer& layer, const NodeContext& context,
                                std::span<const Shape> inputs);

/// Multiply-accumulates of one run; 0 for layers that only move or compare.
std::uint64_t macs(const Layer& layer, const NodeContext& context, std::span<const Shape> inputs,
                   std::span<const Shape> outputs);

/// The weights that the layer uses, absent ones left out.
std::vector<WeightId> weights_of(const Layer& layer);

}  // namespace pliant::layers

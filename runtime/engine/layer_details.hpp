// A layer's attributes in a few words, for people.
#pragma once

#include <string>

#include "layers/layer.hpp"

namespace pliant::runtime {

/// What tells a layer from others of its kind, defaults left out: "3x3 s2 p1 groups 4", "nearest x2", "axis
/// 1". Empty for layers without attributes.
std::string layer_details(const layers::Layer& layer, const layers::NodeContext& context);

}  // namespace pliant::runtime

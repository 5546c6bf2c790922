#include <algorithm>
#include <vector>

#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {
namespace {

using Rounding = layers::Conv2d::Rounding;

/// What a node's result is used for, given what its readers do with theirs.
Rounding towards(Rounding result, const layers::Layer& layer, std::size_t input) {
  if (std::holds_alternative<layers::DeformConv2d>(layer) && input > 0) return Rounding::kIsOffsets;
  if (std::holds_alternative<layers::DeformConv2d>(layer)) return std::min(result, Rounding::kReachesOffsets);
  // What only moves or scales offsets has offsets for inputs; behind anything else they are features.
  const bool moves =
      std::holds_alternative<layers::Slice>(layer) || std::holds_alternative<layers::Concat>(layer) ||
      std::holds_alternative<layers::Sigmoid>(layer) || std::holds_alternative<layers::Reshape>(layer) ||
      std::holds_alternative<layers::Transpose>(layer);
  return moves ? result : std::min(result, Rounding::kReachesOffsets);
}

}  // namespace

void mark_offsets(Graph& graph) {
  std::vector<Rounding> values(graph.values.size(), Rounding::kUsual);
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    Node& node = graph.nodes[i];
    Rounding result = Rounding::kUsual;
    for (const int value : node.outputs) result = std::max(result, values[static_cast<std::size_t>(value)]);
    if (auto* conv = std::get_if<layers::Conv2d>(&node.layer)) conv->rounding = result;
    for (std::size_t input = 0; input < node.inputs.size(); ++input) {
      Rounding& value = values[static_cast<std::size_t>(node.inputs[input])];
      value = std::max(value, towards(result, node.layer, input));
    }
  }
}

}  // namespace pliant::runtime::rewrite

#include <vector>

#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {

void mark_offsets(Graph& graph) {
  std::vector<bool> reaches(graph.values.size(), false);
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    Node& node = graph.nodes[i];
    bool result = false;
    for (const int value : node.outputs) result = result || reaches[static_cast<std::size_t>(value)];
    if (auto* conv = std::get_if<layers::Conv2d>(&node.layer)) conv->reaches_offsets = result;
    const bool is_deformable = std::holds_alternative<layers::DeformConv2d>(node.layer);
    for (std::size_t input = 0; input < node.inputs.size(); ++input)
      if (result || (is_deformable && input > 0))
        reaches[static_cast<std::size_t>(node.inputs[input])] = true;
  }
}

}  // namespace pliant::runtime::rewrite

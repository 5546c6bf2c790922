#include <algorithm>

#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {

void drop_dead_nodes(Graph& graph) {
  std::vector<int> readers = count_readers(graph);
  const auto is_dead = [&readers](const Node& node) {
    return std::all_of(node.outputs.begin(), node.outputs.end(),
                       [&readers](int value) { return readers[static_cast<std::size_t>(value)] == 0; });
  };
  // Backwards, so that what only fed a dead node is dead by the time it is looked at.
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (!is_dead(graph.nodes[i])) continue;
    for (const int value : graph.nodes[i].inputs) --readers[static_cast<std::size_t>(value)];
    graph.nodes[i].outputs.clear();
  }
  remove_without_outputs(graph);
}

}  // namespace pliant::runtime::rewrite

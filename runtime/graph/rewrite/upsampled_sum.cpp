#include "runtime/graph/rewrite/edit.hpp"
#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {

// The enlarged map of a feature pyramid is as large as the sum, and read once: the sum can look into the
// small one instead. Exact, as nothing is computed otherwise.
void fuse_upsampled_sum(Graph& graph) {
  Walk walk(graph);
  if (!walk.has_shapes()) return;
  walk.run([&](Node node) -> std::vector<Node> {
    auto* add = std::get_if<layers::Add>(&node.layer);
    if (add == nullptr) return {std::move(node)};
    for (const std::size_t side : {1u, 0u}) {
      const int enlarged = node.inputs[side];
      const Node* up = walk.producer(enlarged);
      const auto factor = upsampling_factor(up);
      if (!factor || !walk.read_once(enlarged) || node.inputs[1 - side] == enlarged) continue;
      if (!(walk.shape(node.inputs[1 - side]) == walk.shape(enlarged))) continue;  // broadcasting
      add->upsample = *factor;
      node.inputs = {node.inputs[1 - side], up->inputs[0]};
      break;
    }
    return {std::move(node)};
  });
  drop_dead_nodes(graph);
}

}  // namespace pliant::runtime::rewrite

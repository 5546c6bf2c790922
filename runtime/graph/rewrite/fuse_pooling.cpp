// Each window of the pooling sees the same numbers as before: they are kept for as long as a window needs
// them, not written to a map first. The results have the same bits.
#include "runtime/graph/rewrite/edit.hpp"
#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {

void fuse_pooling(Graph& graph, const backends::Backend& backend) {
  Walk walk(graph);
  walk.run([&](Node node) -> std::vector<Node> {
    const auto* pool = std::get_if<layers::MaxPool2d>(&node.layer);
    if (pool == nullptr || !walk.read_once(node.inputs[0])) return {std::move(node)};
    const Node* before = walk.producer_of_kind<layers::Conv2d>(node.inputs[0]);
    if (before == nullptr) return {std::move(node)};
    layers::Conv2d both = std::get<layers::Conv2d>(before->layer);
    if (both.pool || !backend.pools(both, *pool, walk.weight(both.weight).shape)) return {std::move(node)};
    both.pool = *pool;
    Node fused{before->name + "+" + node.name, both, before->inputs, node.outputs};
    return {std::move(fused)};
  });
  drop_dead_nodes(graph);
}

}  // namespace pliant::runtime::rewrite

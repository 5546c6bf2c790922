#include "runtime/graph/rewrite/edit.hpp"
#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {
namespace {

using layers::ConvTranspose2d;

/// Whether outputs of the layer depend on one input pixel each, and it does nothing but that.
bool is_pixelwise(const Walk& walk, const ConvTranspose2d& layer) {
  return layers::is_pixelwise(layer, walk.weight(layer.weight).shape) && !layer.epilogue.residual &&
         !layer.next_weight.present();
}

}  // namespace

void fuse_transposed_pair(Graph& graph, const backends::Backend& backend) {
  Walk walk(graph);
  walk.run([&](Node node) -> std::vector<Node> {
    const auto* second = std::get_if<ConvTranspose2d>(&node.layer);
    const Node* before = walk.producer_of_kind<ConvTranspose2d>(node.inputs.empty() ? -1 : node.inputs[0]);
    if (second == nullptr || before == nullptr || !walk.read_once(node.inputs[0])) return {std::move(node)};
    ConvTranspose2d both = std::get<ConvTranspose2d>(before->layer);
    if (!is_pixelwise(walk, both) || !is_pixelwise(walk, *second)) return {std::move(node)};
    both.next_weight = second->weight;
    both.next_bias = second->bias;
    both.next_activation = second->epilogue.activation;
    if (!backend.supports(both)) return {std::move(node)};
    Node fused{before->name + "+" + node.name, both, before->inputs, node.outputs};
    return {std::move(fused)};
  });
  drop_dead_nodes(graph);
}

}  // namespace pliant::runtime::rewrite

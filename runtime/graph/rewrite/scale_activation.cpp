#include "runtime/graph/rewrite/edit.hpp"
#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {
namespace {

using layers::Activation;
using layers::Conv2d;

/// The number, where a value is a constant of one element.
std::optional<float> number(const Walk& walk, int value) {
  const Node* node = walk.producer_of_kind<layers::Constant>(value);
  if (node == nullptr) return std::nullopt;
  const layers::Weight& weight = walk.weight(std::get<layers::Constant>(node->layer).weight);
  return weight.shape.elements() == 1 ? std::optional(weight.data[0]) : std::nullopt;
}

/// Whether the node is a product or a sum that does nothing else.
template <class Layer>
bool is_plain(const Node& node) {
  const auto* layer = std::get_if<Layer>(&node.layer);
  return layer != nullptr && layer->activation == Activation::kNone;
}

/// The convolution with the product or sum in its epilogue: (a * scale + shift) * c = a * (scale c) + shift
/// c, and (a * scale + shift) + c = a * scale + (shift + c). Without an activation that is the converter's
/// work.
std::optional<Node> scaled(const Walk& walk, const backends::Backend& backend, const Node& node, int value,
                           float c) {
  const Node* before = walk.producer_of_kind<Conv2d>(value);
  if (before == nullptr || !walk.read_once(value)) return std::nullopt;
  Conv2d conv = std::get<Conv2d>(before->layer);
  if (conv.epilogue.activation == Activation::kNone) return std::nullopt;
  if (is_plain<layers::Mul>(node)) {
    conv.epilogue.scale *= c;
    conv.epilogue.shift *= c;
  } else {
    conv.epilogue.shift += c;
  }
  if (!backend.fuses(conv, conv.epilogue)) return std::nullopt;
  return Node{before->name, conv, before->inputs, node.outputs};
}

}  // namespace

void scale_activation(Graph& graph, const backends::Backend& backend) {
  Walk walk(graph);
  walk.run([&](Node node) -> std::vector<Node> {
    if (!is_plain<layers::Mul>(node) && !is_plain<layers::Add>(node)) return {std::move(node)};
    for (const std::size_t side : {0u, 1u}) {
      const auto c = number(walk, node.inputs[1 - side]);
      if (!c) continue;
      if (auto fused = scaled(walk, backend, node, node.inputs[side], *c)) return {std::move(*fused)};
    }
    return {std::move(node)};
  });
  drop_dead_nodes(graph);
}

}  // namespace pliant::runtime::rewrite

#include <algorithm>
#include <iterator>
#include <optional>

#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {
namespace {

using layers::Activation;

Activation activation_of(const layers::Layer& layer) {
  if (std::holds_alternative<layers::ReLU>(layer)) return Activation::kReLU;
  if (std::holds_alternative<layers::Sigmoid>(layer)) return Activation::kSigmoid;
  if (std::holds_alternative<layers::Hardswish>(layer)) return Activation::kHardswish;
  if (std::holds_alternative<layers::Swish>(layer)) return Activation::kSwish;
  return Activation::kNone;
}

/// The layer with the activation added, where it has room for one.
std::optional<layers::Layer> with_activation(const layers::Layer& layer, Activation activation,
                                             const backends::Backend& backend) {
  layers::Layer result = layer;
  layers::Epilogue epilogue;
  const bool has_room = std::visit(
      [&](auto& l) {
        if constexpr (requires { l.epilogue; }) {
          if (l.epilogue.activation != Activation::kNone) return false;
          l.epilogue.activation = activation;
          epilogue = l.epilogue;
          return true;
        } else if constexpr (requires { l.activation; }) {
          if (l.activation != Activation::kNone) return false;
          l.activation = activation;
          epilogue.activation = activation;
          return true;
        } else {
          return false;
        }
      },
      result);
  if (!has_room || !backend.fuses(layer, epilogue)) return std::nullopt;
  return result;
}

}  // namespace

void fuse_activation(Graph& graph, const backends::Backend& backend) {
  const std::vector<int> readers = count_readers(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Activation activation = activation_of(graph.nodes[i].layer);
    if (activation == Activation::kNone) continue;
    const int value = graph.nodes[i].inputs[0];
    if (readers[static_cast<std::size_t>(value)] != 1) continue;
    // Backwards: it is mostly the node before, and large networks are not searched from their beginning.
    const auto producer = std::find_if(
        std::make_reverse_iterator(graph.nodes.begin() + static_cast<std::ptrdiff_t>(i)), graph.nodes.rend(),
        [value](const Node& node) { return node.outputs.size() == 1 && node.outputs[0] == value; });
    if (producer == graph.nodes.rend()) continue;
    const auto fused = with_activation(producer->layer, activation, backend);
    if (!fused) continue;
    producer->layer = *fused;
    producer->outputs = graph.nodes[i].outputs;
    graph.nodes[i].outputs.clear();
  }
  remove_without_outputs(graph);
}

}  // namespace pliant::runtime::rewrite

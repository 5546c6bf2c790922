#include <algorithm>

#include "runtime/graph/rewrite/edit.hpp"
#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {
namespace {

using layers::Activation;
using layers::Epilogue;

Epilogue* epilogue_of(layers::Layer& layer) {
  if (auto* conv = std::get_if<layers::Conv2d>(&layer)) return &conv->epilogue;
  if (auto* conv = std::get_if<layers::DeformConv2d>(&layer)) return &conv->epilogue;
  return nullptr;
}

/// Whether the sum in the node `at` can move into the convolution that makes its input `side`.
bool can_take(Graph& graph, const backends::Backend& backend, std::size_t at, int side,
              const std::vector<int>& readers, const std::vector<Shape>& shapes) {
  const Node& add = graph.nodes[at];
  const int value = add.inputs[static_cast<std::size_t>(side)];
  const int other = add.inputs[static_cast<std::size_t>(1 - side)];
  if (value == other || readers[static_cast<std::size_t>(value)] != 1) return false;
  // A broadcast sum is no residual.
  if (!(shapes[static_cast<std::size_t>(value)] == shapes[static_cast<std::size_t>(other)])) return false;
  const int producer = producer_of(graph, value, at);
  if (producer < 0) return false;
  Node& conv = graph.nodes[static_cast<std::size_t>(producer)];
  const Epilogue* epilogue = epilogue_of(conv.layer);
  // The activation comes after the sum in a kernel, so there must be none before it.
  return epilogue != nullptr && *epilogue == Epilogue{} &&
         backend.fuses(conv.layer, {true, std::get<layers::Add>(add.layer).activation});
}

}  // namespace

void fuse_residual(Graph& graph, const backends::Backend& backend) {
  const std::vector<Shape> shapes = sample_shapes(graph);
  if (shapes.empty()) return;
  const std::vector<int> readers = count_readers(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!std::holds_alternative<layers::Add>(graph.nodes[i].layer)) continue;
    Node add = graph.nodes[i];
    int best = -1;
    int side = -1;
    // Of two convolutions the later one: its result is the fresher in cache.
    for (const int candidate : {0, 1}) {
      if (!can_take(graph, backend, i, candidate, readers, shapes)) continue;
      const int producer = producer_of(graph, add.inputs[static_cast<std::size_t>(candidate)], i);
      if (producer > best) {
        best = producer;
        side = candidate;
      }
    }
    if (best < 0) continue;
    // The convolution moves to the sum's place, where both of the sum's inputs are there.
    Node conv = graph.nodes[static_cast<std::size_t>(best)];
    *epilogue_of(conv.layer) = {true, std::get<layers::Add>(add.layer).activation};
    conv.inputs.push_back(add.inputs[static_cast<std::size_t>(1 - side)]);
    conv.outputs = add.outputs;
    graph.nodes[i] = std::move(conv);
    graph.nodes[static_cast<std::size_t>(best)].outputs.clear();
  }
  remove_without_outputs(graph);
}

}  // namespace pliant::runtime::rewrite

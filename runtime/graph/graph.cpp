#include "runtime/graph/graph.hpp"

namespace pliant::runtime {

std::vector<Shape> infer_shapes(const Graph& graph, std::span<const Shape> inputs) {
  std::vector<Shape> shapes(graph.values.size());
  for (std::size_t i = 0; i < graph.inputs.size(); ++i)
    shapes[static_cast<std::size_t>(graph.inputs[i].value)] = inputs[i];
  std::vector<Shape> node_inputs;
  for (const Node& node : graph.nodes) {
    node_inputs.clear();
    for (const int value : node.inputs) node_inputs.push_back(shapes[static_cast<std::size_t>(value)]);
    const layers::NodeContext context = graph.context(node);
    const std::vector<Shape> outputs = layers::infer_shapes(node.layer, context, node_inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      outputs[i].elements();  // throws where the sizes overflow
      shapes[static_cast<std::size_t>(node.outputs[i])] = outputs[i];
    }
  }
  return shapes;
}

std::vector<int> count_readers(const Graph& graph) {
  std::vector<int> readers(graph.values.size(), 0);
  for (const Node& node : graph.nodes)
    for (const int value : node.inputs) ++readers[static_cast<std::size_t>(value)];
  for (const Port& port : graph.outputs) ++readers[static_cast<std::size_t>(port.value)];
  return readers;
}

}  // namespace pliant::runtime

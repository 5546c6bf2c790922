// The network as the engine sees it: values (edges), nodes (operations) and weights. Immutable once it is
// loaded or rewritten.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/buffer.hpp"
#include "layers/layer.hpp"
#include "pliant/model.hpp"

namespace pliant::runtime {

struct Value {
  std::string name;
  int rank = 0;
};

/// `inputs` and `outputs` are indices into Graph::values.
struct Node {
  std::string name;
  layers::Layer layer;
  std::vector<int> inputs;
  std::vector<int> outputs;
};

struct Port {
  int value = 0;
  PortInfo info;
};

/// Nodes stand in an order in which they can run; every value is produced once, by a node or as a graph
/// input.
struct Graph {
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<layers::Weight> weights;  // `data` looks into the model file or into `owned`
  std::vector<Port> inputs;
  std::vector<Port> outputs;
  std::vector<std::shared_ptr<const core::Buffer>> owned;  // weights that do not lie in the file as float32

  layers::NodeContext context(const Node& node) const {
    return {layers::name_of(node.layer), node.name, weights};
  }
};

/// Shapes of all values for these shapes of the graph's inputs. Throws kInvalidArgument where they do not
/// fit.
std::vector<Shape> infer_shapes(const Graph& graph, std::span<const Shape> inputs);

/// Number of nodes that read each value; graph outputs count as one more reader.
std::vector<int> count_readers(const Graph& graph);

}  // namespace pliant::runtime

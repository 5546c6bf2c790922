// What rewrites do to a graph besides changing its nodes.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runtime/graph/graph.hpp"

namespace pliant::runtime::rewrite {

/// Index of the node before `reader` that makes `value`, or -1. It is mostly near, so the search goes
/// backwards.
int producer_of(const Graph& graph, int value, std::size_t reader);

/// A new weight, which the graph owns; `fill` gets its elements.
layers::WeightId add_weight(Graph& graph, std::string name, const Shape& shape,
                            const std::function<void(std::span<float>)>& fill);

/// By how much a node enlarges, where the nearest neighbour's index is exactly dst / factor: PyTorch computes
/// it from a rounded reciprocal, which powers of two do not have. None for other nodes, and for null.
std::optional<layers::Pair> upsampling_factor(const Node* node);

/// Walks over a graph's nodes in order and puts nodes of its own in the place of some. What was passed can be
/// looked at: who makes a value, who reads it, its shape at sample sizes. Each step takes constant time.
class Walk {
 public:
  explicit Walk(Graph& graph);
  /// Whether sample shapes are known; without them no shape may be asked for.
  bool has_shapes() const { return !shapes_.empty(); }

  /// The node that makes `value`, among those that were passed; null for the graph's inputs.
  const Node* producer(int value) const;
  template <class Layer>
  const Node* producer_of_kind(int value) const {
    const Node* node = producer(value);
    return node != nullptr && std::holds_alternative<Layer>(node->layer) ? node : nullptr;
  }
  bool read_once(int value) const { return readers_[static_cast<std::size_t>(value)] == 1; }
  const Shape& shape(int value) const { return shapes_[static_cast<std::size_t>(value)]; }
  const layers::Weight& weight(layers::WeightId id) const {
    return graph_.weights[static_cast<std::size_t>(id.index)];
  }
  Graph& graph() { return graph_; }
  /// A new value of rank 4 with one reader, shaped like another.
  int add_value(std::string name, int like);
  /// Likewise, of any rank; sample shapes are known.
  int add_value(std::string name, const Shape& shape);

  /// Calls visit(node) for each node; it gives the nodes that take its place, in their order.
  void run(const std::function<std::vector<Node>(Node)>& visit);

 private:
  Graph& graph_;
  std::vector<int> readers_;
  std::vector<Shape> shapes_;
  std::vector<int> producers_;  // of each value: index into done_, or -1
  std::vector<Node> done_;
};

}  // namespace pliant::runtime::rewrite

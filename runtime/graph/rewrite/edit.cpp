#include "runtime/graph/rewrite/edit.hpp"

#include <algorithm>
#include <utility>

#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {

int producer_of(const Graph& graph, int value, std::size_t reader) {
  for (std::size_t i = reader; i-- > 0;)
    if (std::find(graph.nodes[i].outputs.begin(), graph.nodes[i].outputs.end(), value) !=
        graph.nodes[i].outputs.end())
      return static_cast<int>(i);
  return -1;
}

layers::WeightId add_weight(Graph& graph, std::string name, const Shape& shape,
                            const std::function<void(std::span<float>)>& fill) {
  const auto elements = static_cast<std::size_t>(shape.elements());
  auto buffer = std::make_shared<core::Buffer>(elements * sizeof(float));
  fill({buffer->floats(), elements});
  layers::Weight weight;
  weight.name = std::move(name);
  weight.shape = shape;
  weight.data = buffer->floats();
  graph.weights.push_back(std::move(weight));
  graph.owned.push_back(std::move(buffer));
  return {static_cast<int>(graph.weights.size()) - 1};
}

Walk::Walk(Graph& graph)
    : graph_(graph),
      readers_(count_readers(graph)),
      shapes_(sample_shapes(graph)),
      producers_(graph.values.size(), -1) {}

const Node* Walk::producer(int value) const {
  const int at = value < 0 ? -1 : producers_[static_cast<std::size_t>(value)];
  return at < 0 ? nullptr : &done_[static_cast<std::size_t>(at)];
}

int Walk::add_value(std::string name, int like) {
  graph_.values.push_back({std::move(name), 4});
  readers_.push_back(1);
  producers_.push_back(-1);
  if (has_shapes()) shapes_.push_back(Shape(shape(like)));
  return static_cast<int>(graph_.values.size()) - 1;
}

int Walk::add_value(std::string name, const Shape& shape) {
  graph_.values.push_back({std::move(name), shape.rank()});
  readers_.push_back(1);
  producers_.push_back(-1);
  shapes_.push_back(shape);
  return static_cast<int>(graph_.values.size()) - 1;
}

void Walk::run(const std::function<std::vector<Node>(Node)>& visit) {
  std::vector<Node> nodes = std::move(graph_.nodes);
  for (Node& node : nodes)
    for (Node& next : visit(std::move(node))) {
      for (const int value : next.outputs)
        producers_[static_cast<std::size_t>(value)] = static_cast<int>(done_.size());
      done_.push_back(std::move(next));
    }
  graph_.nodes = std::move(done_);
}

}  // namespace pliant::runtime::rewrite

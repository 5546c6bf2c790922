#include "runtime/graph/rewrite/edit.hpp"
#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {
namespace {

using layers::Activation;
using layers::Add;
using layers::Mul;

/// A gate is worth it where it is much smaller than what passes it, as a number for each channel is.
constexpr std::int64_t kSmaller = 16;

/// For x + x * gate: the gate, else -1. x + x g = x (1 + g) in real arithmetic.
int gate_of(const Walk& walk, int x, int product) {
  const Node* node = walk.producer_of_kind<Mul>(product);
  if (node == nullptr || !walk.read_once(product) ||
      std::get<Mul>(node->layer).activation != Activation::kNone)
    return -1;
  const int gate = node->inputs[0] == x ? node->inputs[1] : node->inputs[1] == x ? node->inputs[0] : -1;
  if (gate < 0) return -1;
  // The product may be larger than x where the gate is broadcast the other way.
  const bool small = walk.shape(product) == walk.shape(x) &&
                     walk.shape(gate).elements() * kSmaller <= walk.shape(x).elements();
  return small ? gate : -1;
}

}  // namespace

void fold_gate(Graph& graph, const backends::Backend& backend) {
  Walk walk(graph);
  if (!walk.has_shapes()) return;
  walk.run([&](Node node) -> std::vector<Node> {
    const auto* add = std::get_if<Add>(&node.layer);
    if (add == nullptr) return {std::move(node)};
    for (const std::size_t side : {0u, 1u}) {
      const int x = node.inputs[side];
      const int gate = gate_of(walk, x, node.inputs[1 - side]);
      const Mul mul{add->activation};
      if (gate < 0 || !backend.fuses(Mul{}, {false, mul.activation})) continue;
      std::int64_t ones[Shape::kMaxRank];
      std::fill_n(ones, Shape::kMaxRank, 1);
      const Shape shape(std::span<const std::int64_t>(ones, static_cast<std::size_t>(walk.shape(x).rank())));
      const layers::Constant one{
          add_weight(walk.graph(), node.name + "/one", shape, [](std::span<float> to) { to[0] = 1; })};
      const int one_value = walk.add_value(node.name + "/one", shape);
      const int sum = walk.add_value(node.name + "/gate", Shape(walk.shape(gate)));
      return {Node{node.name + "/one", one, {}, {one_value}},
              Node{node.name + "/gate", Add{}, {gate, one_value}, {sum}},
              Node{node.name, mul, {x, sum}, node.outputs}};
    }
    return {std::move(node)};
  });
  drop_dead_nodes(graph);
}

}  // namespace pliant::runtime::rewrite

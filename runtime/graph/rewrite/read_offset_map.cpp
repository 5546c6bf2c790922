// An offset convolution writes one map, [pixel][offsets, mask], and the deformable convolution reads a
// pixel's offsets and mask together. In a file lie slices and a sigmoid between them:
//   deform(x, m[:, a:a+2t], sigmoid(m[:, b:b+t])) = deform(x, m) that reads from channel a and b on,
// because channel c of a slice is channel a + c of what it is taken from, the sigmoid works element by
// element, and so each number is computed from the same ones as before.
#include <optional>

#include "runtime/graph/rewrite/edit.hpp"
#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {
namespace {

using layers::DeformConv2d;

/// A value that is channels [first, first + count) of the value `map`, or their sigmoid.
struct Channels {
  int map = -1;
  std::int64_t first = 0;
  std::int64_t count = 0;
  bool sigmoid = false;
};

constexpr int kChannelAxis = 1;

std::optional<Channels> channels_of(const Walk& walk, int value);

/// Parts that lie one behind the other in one map.
std::optional<Channels> joined(const Walk& walk, const Node& concat) {
  if (std::get<layers::Concat>(concat.layer).axis != kChannelAxis) return std::nullopt;
  std::optional<Channels> all;
  for (const int input : concat.inputs) {
    const auto part = channels_of(walk, input);
    if (!part) return std::nullopt;
    if (!all) {
      all = part;
      continue;
    }
    if (part->map != all->map || part->first != all->first + all->count || part->sigmoid != all->sigmoid)
      return std::nullopt;
    all->count += part->count;
  }
  return all;
}

/// What `value` is of the map of a convolution, whose number of channels is known for all sizes of input.
std::optional<Channels> channels_of(const Walk& walk, int value) {
  const Node* node = walk.producer(value);
  if (node == nullptr) return std::nullopt;
  if (const auto* conv = std::get_if<layers::Conv2d>(&node->layer))
    return Channels{value, 0, walk.weight(conv->weight).shape[0], false};
  if (const auto* slice = std::get_if<layers::Slice>(&node->layer)) {
    auto from = channels_of(walk, node->inputs[0]);
    if (!from || slice->axis != kChannelAxis || slice->step != 1) return std::nullopt;
    const layers::SliceRange range = layers::slice_range(*slice, from->count);
    from->first += range.first;
    from->count = range.count;
    return from;
  }
  if (std::holds_alternative<layers::Sigmoid>(node->layer)) {
    auto from = channels_of(walk, node->inputs[0]);
    if (!from || from->sigmoid) return std::nullopt;
    from->sigmoid = true;
    return from;
  }
  if (std::holds_alternative<layers::Concat>(node->layer)) return joined(walk, *node);
  return std::nullopt;
}

/// The node that reads the map itself, where there is one.
std::optional<Node> reading_map(const Walk& walk, const backends::Backend& backend, const Node& node) {
  auto layer = std::get<DeformConv2d>(node.layer);
  if (layer.one_map) return std::nullopt;
  const Shape& weight = walk.weight(layer.weight).shape;
  const std::int64_t points = std::int64_t{layer.offset_groups} * weight[2] * weight[3];
  const auto offset = channels_of(walk, node.inputs[1]);
  if (!offset || offset->sigmoid || offset->count != 2 * points) return std::nullopt;
  if (offset->map == node.inputs[1]) return std::nullopt;  // the whole map: there is nothing between
  layer.one_map.emplace();
  layer.one_map->offset = offset->first;
  std::vector<int> inputs{node.inputs[0], offset->map};
  if (layer.masked) {
    const auto mask = channels_of(walk, node.inputs[2]);
    if (!mask || mask->map != offset->map || mask->count != points) return std::nullopt;
    layer.one_map->mask = mask->first;
    layer.one_map->sigmoid = mask->sigmoid;
  }
  if (layer.epilogue.residual) inputs.push_back(node.inputs.back());
  if (!backend.supports(layer)) return std::nullopt;
  return Node{node.name, layer, std::move(inputs), node.outputs};
}

}  // namespace

void read_offset_map(Graph& graph, const backends::Backend& backend) {
  Walk walk(graph);
  walk.run([&](Node node) -> std::vector<Node> {
    if (!std::holds_alternative<DeformConv2d>(node.layer)) return {std::move(node)};
    auto changed = reading_map(walk, backend, node);
    return {changed ? std::move(*changed) : std::move(node)};
  });
  drop_dead_nodes(graph);
}

}  // namespace pliant::runtime::rewrite

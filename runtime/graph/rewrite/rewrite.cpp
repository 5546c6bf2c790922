#include "runtime/graph/rewrite/rewrite.hpp"

#include "pliant/error.hpp"

namespace pliant::runtime::rewrite {

std::vector<Shape> sample_shapes(const Graph& graph) {
  constexpr std::int64_t kMiddling = 256;
  std::vector<Shape> inputs;
  for (const Port& port : graph.inputs) {
    std::vector<std::int64_t> sizes = port.info.shape;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] != -1) continue;
      // Different from each other, so that equal sizes are no accident.
      const std::int64_t least = i == 0 ? 2 : kMiddling + 64 * static_cast<std::int64_t>(i);
      const std::int64_t multiple = port.info.multiple_of[i];
      sizes[i] = (least + multiple - 1) / multiple * multiple;
    }
    inputs.emplace_back(std::span<const std::int64_t>(sizes));
  }
  try {
    return infer_shapes(graph, inputs);
  } catch (const Error&) {
    return {};
  }
}

void remove_without_outputs(Graph& graph) {
  std::erase_if(graph.nodes, [](const Node& node) { return node.outputs.empty(); });
}

Graph rewrite_all(const Graph& graph, const backends::Backend& backend) {
  Graph result = graph;
  drop_dead_nodes(result);
  mark_offsets(result);
  read_offset_map(result, backend);
  split_concat(result, backend);
  fold_pointwise(result, backend);
  fold_upsample(result);
  fold_gate(result, backend);
  fuse_residual(result, backend);
  fuse_activation(result, backend);
  scale_activation(result, backend);
  fuse_upsampled_sum(result);
  fuse_transposed_pair(result, backend);
  fuse_pooling(result, backend);
  return result;
}

}  // namespace pliant::runtime::rewrite

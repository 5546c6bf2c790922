#include "runtime/engine/plan.hpp"

#include <algorithm>

#include "runtime/engine/layer_details.hpp"
#include "runtime/engine/memory_plan.hpp"

namespace pliant::runtime {
namespace {

std::size_t bytes_of(const Shape& shape) {
  return static_cast<std::size_t>(shape.elements()) * sizeof(float);
}

/// Which block each value lies in: its own, or that of the input which its node overwrites.
struct Blocks {
  std::vector<int> of_value;
  std::vector<Block> blocks;
};

Blocks lay_out_values(const Graph& graph, const std::vector<Shape>& shapes, const std::vector<Step>& steps) {
  const int end = static_cast<int>(steps.size());
  std::vector<int> last_read(graph.values.size(), -1);
  for (int s = 0; s < end; ++s)
    for (const int value : graph.nodes[static_cast<std::size_t>(s)].inputs)
      last_read[static_cast<std::size_t>(value)] = s;
  for (const Port& port : graph.outputs) last_read[static_cast<std::size_t>(port.value)] = end;

  Blocks result;
  result.of_value.assign(graph.values.size(), -1);
  std::vector<bool> is_input(graph.values.size(), false);
  const auto own_block = [&](int value, int first) {
    const auto v = static_cast<std::size_t>(value);
    result.of_value[v] = static_cast<int>(result.blocks.size());
    result.blocks.push_back({bytes_of(shapes[v]), first, std::max(first, last_read[v])});
  };
  for (const Port& port : graph.inputs) {
    own_block(port.value, 0);
    is_input[static_cast<std::size_t>(port.value)] = true;
  }
  for (int s = 0; s < end; ++s) {
    const Node& node = graph.nodes[static_cast<std::size_t>(s)];
    const int in_place = steps[static_cast<std::size_t>(s)].prepared->in_place_input();
    for (std::size_t o = 0; o < node.outputs.size(); ++o) {
      const int value = node.outputs[o];
      if (o == 0 && in_place >= 0) {
        const int source = node.inputs[static_cast<std::size_t>(in_place)];
        const auto v = static_cast<std::size_t>(source);
        // Never over a graph input: it may be the caller's own memory.
        if (last_read[v] == s && !is_input[v] &&
            bytes_of(shapes[v]) == bytes_of(shapes[static_cast<std::size_t>(value)]) &&
            std::count(node.inputs.begin(), node.inputs.end(), source) == 1) {
          const int block = result.of_value[v];
          result.of_value[static_cast<std::size_t>(value)] = block;
          Block& b = result.blocks[static_cast<std::size_t>(block)];
          b.last = std::max({b.last, s, last_read[static_cast<std::size_t>(value)]});
          continue;
        }
      }
      own_block(value, s);
    }
  }
  return result;
}

}  // namespace

Plan::Plan(std::shared_ptr<CompiledGraph> compiled, std::span<const Shape> inputs, backends::Context& context)
    : compiled_(std::move(compiled)),
      input_shapes_(inputs.begin(), inputs.end()),
      shapes_(infer_shapes(compiled_->graph, inputs)) {
  prepare_steps(context);
  place_values();
}

void Plan::prepare_steps(backends::Context& context) {
  const Graph& graph = compiled_->graph;
  std::vector<Shape> inputs;
  std::vector<Shape> outputs;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    inputs.clear();
    outputs.clear();
    for (const int value : node.inputs) inputs.push_back(shapes_[static_cast<std::size_t>(value)]);
    for (const int value : node.outputs) outputs.push_back(shapes_[static_cast<std::size_t>(value)]);
    Step step;
    step.node = &node;
    const std::size_t packed = compiled_->packs.bytes();
    step.prepared = compiled_->kernels[i]->prepare({inputs, outputs, context, compiled_->packs});
    // Node by node, so that the file's weights and the packed ones are never in memory all at once.
    if (compiled_->packs.bytes() > packed) compiled_->file->release_pages();
    for (const Shape& shape : inputs) step.inputs.emplace_back(nullptr, shape, Layout::kNHWC);
    for (const Shape& shape : outputs) step.outputs.push_back({nullptr, shape, Layout::kNHWC});
    steps_.push_back(std::move(step));
  }
}

void Plan::place_values() {
  Blocks values = lay_out_values(compiled_->graph, shapes_, steps_);
  const std::size_t value_blocks = values.blocks.size();
  for (std::size_t s = 0; s < steps_.size(); ++s)
    values.blocks.push_back(
        {steps_[s].prepared->workspace_bytes(), static_cast<int>(s), static_cast<int>(s)});
  const MemoryPlan memory = plan_memory(values.blocks);
  offsets_.resize(shapes_.size());
  // Values that a rewrite left without producer have no block; nothing reads them.
  for (std::size_t v = 0; v < shapes_.size(); ++v)
    if (values.of_value[v] >= 0) offsets_[v] = memory.offsets[static_cast<std::size_t>(values.of_value[v])];
  for (std::size_t s = 0; s < steps_.size(); ++s)
    steps_[s].workspace_offset = memory.offsets[value_blocks + s];
  arena_bytes_ = memory.bytes;
}

void Plan::bind(std::byte* arena) {
  arena_ = arena;
  const auto at = [&](int value) {
    return reinterpret_cast<float*>(arena + offsets_[static_cast<std::size_t>(value)]);
  };
  for (Step& step : steps_) {
    for (std::size_t i = 0; i < step.inputs.size(); ++i) step.inputs[i].data = at(step.node->inputs[i]);
    for (std::size_t i = 0; i < step.outputs.size(); ++i) step.outputs[i].data = at(step.node->outputs[i]);
  }
}

void Plan::bind_input(std::size_t input, const float* data) {
  const int value = compiled_->graph.inputs[input].value;
  const float* pointer = data != nullptr ? data : input_view(input).data;
  for (Step& step : steps_)
    for (std::size_t i = 0; i < step.inputs.size(); ++i)
      if (step.node->inputs[i] == value) step.inputs[i].data = pointer;
}

TensorView Plan::input_view(std::size_t input) const {
  const auto value = static_cast<std::size_t>(compiled_->graph.inputs[input].value);
  return {reinterpret_cast<float*>(arena_ + offsets_[value]), shapes_[value], Layout::kNHWC};
}

ConstTensorView Plan::output_view(std::size_t output) const {
  const auto value = static_cast<std::size_t>(compiled_->graph.outputs[output].value);
  return {reinterpret_cast<const float*>(arena_ + offsets_[value]), shapes_[value], Layout::kNHWC};
}

PlanSummary Plan::describe() const {
  const Graph& graph = compiled_->graph;
  PlanSummary summary;
  summary.arena_bytes = arena_bytes_;
  summary.packed_weight_bytes = compiled_->packs.bytes();
  for (const Port& port : graph.outputs)
    summary.outputs.push_back(shapes_[static_cast<std::size_t>(port.value)]);
  for (const Step& step : steps_) {
    const layers::NodeContext context = graph.context(*step.node);
    LayerSummary layer;
    layer.name = step.node->name;
    layer.layer = layers::name_of(step.node->layer);
    layer.algorithm = step.prepared->algorithm();
    layer.details = layer_details(step.node->layer, context);
    for (const ConstTensorView& view : step.inputs) {
      layer.inputs.push_back(view.shape);
      layer.bytes += bytes_of(view.shape);
    }
    for (const TensorView& view : step.outputs) {
      layer.outputs.push_back(view.shape);
      layer.bytes += bytes_of(view.shape);
    }
    for (const layers::WeightId id : layers::weights_of(step.node->layer))
      layer.parameters += static_cast<std::uint64_t>(context.weight(id).shape.elements());
    layer.bytes += layer.parameters * sizeof(float);
    layer.macs = layers::macs(step.node->layer, context, layer.inputs, layer.outputs);
    summary.macs += layer.macs;
    summary.parameters += layer.parameters;
    summary.layers.push_back(std::move(layer));
  }
  return summary;
}

}  // namespace pliant::runtime

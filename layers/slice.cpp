#include "layers/slice.hpp"

#include <algorithm>

namespace pliant::layers {

Slice decode(const schema::Slice& table, const NodeContext&) {
  return {table.axis(), table.start(), table.end(), table.step()};
}

std::vector<int> validate(const Slice& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  if (layer.axis < 0 || layer.axis >= ranks[0])
    context.fail_model("axis is ", layer.axis, ", the input has rank ", ranks[0]);
  if (layer.step < 1) context.fail_model("step is ", layer.step, ", expected 1 or more");
  return {ranks[0]};
}

SliceRange slice_range(const Slice& layer, std::int64_t size) {
  const auto clamp = [size](std::int64_t bound) {
    if (bound < 0) bound = bound < -size ? 0 : bound + size;
    return std::min(bound, size);
  };
  const std::int64_t first = clamp(layer.start);
  const std::int64_t last = clamp(layer.end);
  const std::int64_t span = last - first;
  return {first, span <= 0 ? 0 : (span - 1) / layer.step + 1};
}

std::vector<Shape> infer_shapes(const Slice& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  Shape y = inputs[0];
  const SliceRange range = slice_range(layer, y[layer.axis]);
  if (range.count < 1)
    context.fail_shape("[", layer.start, ":", layer.end, ":", layer.step, "] of axis ", layer.axis,
                       " with size ", y[layer.axis], " is empty");
  y[layer.axis] = range.count;
  return {y};
}

std::uint64_t macs(const Slice&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Slice&) { return {}; }

}  // namespace pliant::layers

#include "layers/add.hpp"

#include "layers/elementwise.hpp"

namespace pliant::layers {

Add decode(const schema::Add&, const NodeContext&) { return {}; }

std::vector<int> validate(const Add&, const NodeContext& context, std::span<const int> ranks) {
  return validate_broadcast(context, ranks);
}

std::vector<Shape> infer_shapes(const Add& layer, const NodeContext& context, std::span<const Shape> inputs) {
  if (layer.upsample == Pair{1, 1}) return {broadcast(context, inputs[0], inputs[1])};
  Shape b = inputs[1];
  b[2] *= layer.upsample.h;
  b[3] *= layer.upsample.w;
  // Nobody broadcasts here, which the rewrite saw at one size; another may tell otherwise.
  if (!(b == inputs[0])) context.fail_shape("cannot enlarge the second input to the size of the first");
  return {b};
}

std::uint64_t macs(const Add&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Add&) { return {}; }

}  // namespace pliant::layers

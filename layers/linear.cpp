#include "layers/linear.hpp"

#include "layers/convolution.hpp"

namespace pliant::layers {

Linear decode(const schema::Linear& table, const NodeContext&) {
  Linear layer;
  layer.weight.index = table.weight();
  layer.bias.index = table.bias();
  return layer;
}

std::vector<int> validate(const Linear& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  context.check_weight_rank(layer.weight, "weight", 2);
  if (layer.bias.present())
    context.check_weight(layer.bias, "bias", Shape{context.weight(layer.weight).shape[0]});
  return {ranks[0]};
}

std::vector<Shape> infer_shapes(const Linear& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  const Shape& w = context.weight(layer.weight).shape;
  Shape y = inputs[0];
  const int last = y.rank() - 1;
  if (y[last] != w[1]) context.fail_shape("input has ", y[last], " features, weight expects ", w[1]);
  y[last] = w[0];
  return {y};
}

std::uint64_t macs(const Linear& layer, const NodeContext& context, std::span<const Shape>,
                   std::span<const Shape> outputs) {
  return static_cast<std::uint64_t>(outputs[0].elements()) *
         static_cast<std::uint64_t>(context.weight(layer.weight).shape[1]);
}

std::vector<WeightId> weights_of(const Linear& layer) { return present({layer.weight, layer.bias}); }

}  // namespace pliant::layers

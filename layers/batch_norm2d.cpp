#include "layers/batch_norm2d.hpp"

#include "layers/convolution.hpp"

namespace pliant::layers {

BatchNorm2d decode(const schema::BatchNorm2d& table, const NodeContext&) {
  BatchNorm2d layer;
  layer.weight.index = table.weight();
  layer.bias.index = table.bias();
  layer.mean.index = table.mean();
  layer.var.index = table.var();
  layer.eps = table.eps();
  return layer;
}

std::vector<int> validate(const BatchNorm2d& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  context.check_rank(ranks, 0, 4);
  context.check_weight_rank(layer.mean, "mean", 1);
  const Shape& channels = context.weight(layer.mean).shape;
  context.check_weight(layer.var, "var", channels);
  if (layer.weight.index >= 0) context.check_weight(layer.weight, "weight", channels);
  if (layer.bias.index >= 0) context.check_weight(layer.bias, "bias", channels);
  if (!(layer.eps >= 0)) context.fail_model("eps is ", layer.eps, ", expected 0 or more");
  return {4};
}

std::vector<Shape> infer_shapes(const BatchNorm2d& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  check_input_channels(context, inputs[0], context.weight(layer.mean).shape[0]);
  return {inputs[0]};
}

std::uint64_t macs(const BatchNorm2d&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const BatchNorm2d& layer) {
  return present({layer.weight, layer.bias, layer.mean, layer.var});
}

}  // namespace pliant::layers

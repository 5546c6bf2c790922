#include "layers/max_pool2d.hpp"

#include "layers/pooling.hpp"

namespace pliant::layers {

MaxPool2d decode(const schema::MaxPool2d& table, const NodeContext&) {
  MaxPool2d layer;
  layer.kernel_size = to_pair(table.kernel_size(), {0, 0});
  layer.stride = to_pair(table.stride(), layer.kernel_size);
  layer.padding = to_pair(table.padding(), {0, 0});
  layer.dilation = to_pair(table.dilation(), {1, 1});
  layer.ceil_mode = table.ceil_mode();
  return layer;
}

std::vector<int> validate(const MaxPool2d& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  context.check_rank(ranks, 0, 4);
  check_pooling(context, layer.kernel_size, layer.stride, layer.padding, layer.dilation);
  return {4};
}

std::vector<Shape> infer_shapes(const MaxPool2d& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  return {pooling_output(context, inputs[0], layer.kernel_size, layer.stride, layer.padding, layer.dilation,
                         layer.ceil_mode)};
}

std::uint64_t macs(const MaxPool2d&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const MaxPool2d&) { return {}; }

}  // namespace pliant::layers

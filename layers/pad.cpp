#include "layers/pad.hpp"

namespace pliant::layers {
namespace {

constexpr std::int64_t kMostPad = std::int64_t{1} << 31;

}  // namespace

Pad decode(const schema::Pad& table, const NodeContext& context) {
  Pad layer;
  layer.before = to_vector(table.before(), context, "before");
  layer.after = to_vector(table.after(), context, "after");
  switch (table.mode()) {
    case schema::PadMode::constant:
      layer.mode = Pad::Mode::kConstant;
      break;
    case schema::PadMode::reflect:
      layer.mode = Pad::Mode::kReflect;
      break;
    case schema::PadMode::replicate:
      layer.mode = Pad::Mode::kReplicate;
      break;
    default:
      context.fail_model("mode ", static_cast<int>(table.mode()), " is unknown");
  }
  layer.value = table.value();
  return layer;
}

std::vector<int> validate(const Pad& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  const auto rank = static_cast<std::size_t>(ranks[0]);
  if (layer.before.size() != rank || layer.after.size() != rank)
    context.fail_model("has ", layer.before.size(), " and ", layer.after.size(),
                       " numbers, the input has rank ", rank);
  for (std::size_t i = 0; i < rank; ++i)
    for (const std::int64_t n : {layer.before[i], layer.after[i]}) {
      const std::int64_t least = layer.mode == Pad::Mode::kConstant ? -kMostPad : 0;
      if (n < least || n > kMostPad) context.fail_model("pads axis ", i, " by ", n);
    }
  return {ranks[0]};
}

std::vector<Shape> infer_shapes(const Pad& layer, const NodeContext& context, std::span<const Shape> inputs) {
  Shape y = inputs[0];
  for (int i = 0; i < y.rank(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (layer.mode == Pad::Mode::kReflect && (layer.before[at] >= y[i] || layer.after[at] >= y[i]))
      context.fail_shape("cannot reflect axis ", i, " of size ", y[i], " by ", layer.before[at], " and ",
                         layer.after[at]);
    if (layer.before[at] + y[i] < 0 || layer.after[at] + y[i] < 0 ||
        y[i] + layer.before[at] + layer.after[at] < 1)
      context.fail_shape("padding axis ", i, " of size ", y[i], " by ", layer.before[at], " and ",
                         layer.after[at], " leaves nothing");
    y[i] += layer.before[at] + layer.after[at];
  }
  return {y};
}

std::uint64_t macs(const Pad&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Pad&) { return {}; }

}  // namespace pliant::layers

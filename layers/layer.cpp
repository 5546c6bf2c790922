#include "layers/layer.hpp"

namespace pliant::layers {
namespace {

std::string_view name_of(const schema::Node& node) {
  return node.name() == nullptr ? std::string_view()
                                : std::string_view(node.name()->c_str(), node.name()->size());
}

}  // namespace

std::string_view name_of(const Layer& layer) {
  return std::visit([](const auto& l) { return std::remove_cvref_t<decltype(l)>::kName; }, layer);
}

Layer decode(const schema::Node& node) {
  const std::string_view name = name_of(node);
#define PLIANT_DECODE_FILE(Type)                          \
  if (const schema::Type* table = node.layer_as_##Type()) \
    return decode(*table, NodeContext(Type::kName, name, {}));
#define PLIANT_DECODE_INTERNAL(Type)
#define PLIANT_LAYER(Type, file, origin) PLIANT_DECODE_##origin(Type)
#include "layers/layers.def"
  throw Error(ErrorCode::kInvalidModel,
              core::message("node '", name, "': layer kind ", static_cast<int>(node.layer_type()),
                            " is unknown to this version (", "the file may be newer; update Pliant)"));
}

std::vector<int> validate(const Layer& layer, const NodeContext& context, std::span<const int> input_ranks) {
  return std::visit([&](const auto& l) { return validate(l, context, input_ranks); }, layer);
}

std::vector<Shape> infer_shapes(const Layer& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  return std::visit([&](const auto& l) { return infer_shapes(l, context, inputs); }, layer);
}

std::uint64_t macs(const Layer& layer, const NodeContext& context, std::span<const Shape> inputs,
                   std::span<const Shape> outputs) {
  return std::visit([&](const auto& l) { return macs(l, context, inputs, outputs); }, layer);
}

std::vector<WeightId> weights_of(const Layer& layer) {
  return std::visit([](const auto& l) { return weights_of(l); }, layer);
}

}  // namespace pliant::layers

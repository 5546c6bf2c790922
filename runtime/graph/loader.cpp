#include "runtime/graph/loader.hpp"

#include <cstring>

#include "core/format.hpp"
#include "pliant/error.hpp"
#include "runtime/graph/half.hpp"
#include "runtime/graph/limits.hpp"
#include "runtime/graph/text.hpp"
#include "runtime/graph/validate.hpp"

namespace pliant::runtime {
namespace {

template <class... Ts>
[[noreturn]] void fail(const Ts&... parts) {
  throw Error(ErrorCode::kInvalidModel, core::message("model: ", parts...));
}

std::string text(const flatbuffers::String* s) { return s == nullptr ? std::string() : printable(*s); }

/// Numbers of half precision are widened into a buffer that `owned` keeps; others are used where they lie.
layers::Weight load_weight(const schema::Weight& table, std::size_t index,
                           std::vector<std::shared_ptr<const core::Buffer>>& owned) {
  layers::Weight weight;
  weight.name = text(table.name());
  const bool half = table.dtype() == schema::DType::float16;
  if (!half && table.dtype() != schema::DType::float32)
    fail("weight ", index, " '", weight.name, "' has dtype ", static_cast<int>(table.dtype()),
         ", this version reads float32 and float16");
  if (table.shape() == nullptr || table.data() == nullptr) fail("weight ", index, " has no shape or no data");
  if (table.shape()->size() > Shape::kMaxRank)
    fail("weight ", index, " has rank ", table.shape()->size(), ", expected at most ", Shape::kMaxRank);
  for (const std::int64_t size : *table.shape())
    if (size < 1) fail("weight ", index, " has a size of ", size, ", expected 1 and more");
  try {
    weight.shape = Shape(std::span<const std::int64_t>(table.shape()->data(), table.shape()->size()));
    const std::int64_t bytes = weight.shape.elements() * (half ? 2 : 4);
    if (table.data()->size() != static_cast<std::uint64_t>(bytes))
      fail("weight ", index, " '", weight.name, "' of shape ", weight.shape.to_string(), " has ",
           table.data()->size(), " bytes, expected ", bytes);
  } catch (const Error& e) {
    throw Error(ErrorCode::kInvalidModel, core::message("model: weight ", index, ": ", e.what()));
  }
  const std::uint8_t* data = table.data()->data();
  if (reinterpret_cast<std::uintptr_t>(data) % core::kAlignment != 0)
    fail("weight ", index, " is not aligned to ", core::kAlignment, " bytes");
  if (half) {
    auto wide =
        std::make_shared<core::Buffer>(static_cast<std::size_t>(weight.shape.elements()) * sizeof(float));
    widen_halves({data, table.data()->size()}, wide->floats());
    weight.data = wide->floats();
    owned.push_back(std::move(wide));
  } else {
    weight.data = reinterpret_cast<const float*>(data);
  }
  return weight;
}

Node load_node(const schema::Node& table) {
  Node node{text(table.name()), layers::decode(table), {}, {}};
  node.inputs.assign(table.inputs()->begin(), table.inputs()->end());
  node.outputs.assign(table.outputs()->begin(), table.outputs()->end());
  if (auto* deform = std::get_if<layers::DeformConv2d>(&node.layer)) deform->masked = node.inputs.size() > 2;
  if (auto* pool = std::get_if<layers::DeformRoIPool>(&node.layer)) pool->has_trans = node.inputs.size() > 2;
  return node;
}

Port load_port(const schema::Port& table) {
  Port port;
  port.value = table.value();
  port.info.name = text(table.name());
  if (table.shape() != nullptr) port.info.shape.assign(table.shape()->begin(), table.shape()->end());
  if (table.multiple_of() != nullptr)
    for (const int multiple : *table.multiple_of())
      port.info.multiple_of.push_back(multiple == 0 ? 1 : multiple);
  else
    port.info.multiple_of.assign(port.info.shape.size(), 1);
  return port;
}

std::string weight_dtype(const schema::Model& model) {
  bool single = false;
  bool half = false;
  if (model.weights() != nullptr)
    for (const schema::Weight* weight : *model.weights())
      (weight->dtype() == schema::DType::float16 ? half : single) = true;
  if (single && half) return "float32 and float16";
  if (half) return "float16";
  return single ? "float32" : "";
}

}  // namespace

Graph load_graph(const schema::Model& model, std::uint64_t file_bytes) {
  check_limits(model, file_bytes);
  Graph graph;
  for (const schema::Value* value : *model.values()) {
    if (value->dtype() != schema::DType::float32)
      fail("value '", text(value->name()), "' has dtype ", static_cast<int>(value->dtype()),
           ", this version computes in float32");
    graph.values.push_back({text(value->name()), value->rank()});
  }
  if (model.weights() != nullptr)
    for (const schema::Weight* weight : *model.weights())
      graph.weights.push_back(load_weight(*weight, graph.weights.size(), graph.owned));
  for (const schema::Node* node : *model.nodes()) graph.nodes.push_back(load_node(*node));
  for (const schema::Port* port : *model.inputs()) graph.inputs.push_back(load_port(*port));
  for (const schema::Port* port : *model.outputs()) graph.outputs.push_back(load_port(*port));
  validate(graph);
  return graph;
}

ModelInfo load_info(const schema::Model& model, const Graph& graph, std::uint64_t file_bytes) {
  ModelInfo info;
  info.name = text(model.name());
  info.version_major = model.version_major();
  info.version_minor = model.version_minor();
  info.file_bytes = file_bytes;
  for (const layers::Weight& weight : graph.weights)
    info.parameters += static_cast<std::uint64_t>(weight.shape.elements());
  if (model.weights() != nullptr)
    for (const schema::Weight* weight : *model.weights()) info.weight_bytes += weight->data()->size();
  info.weight_dtype = weight_dtype(model);
  info.nodes = graph.nodes.size();
  if (const schema::Provenance* p = model.provenance())
    info.provenance = {text(p->recipe()), text(p->converter_version()), text(p->source_file()),
                       text(p->source_sha256())};
  return info;
}

}  // namespace pliant::runtime

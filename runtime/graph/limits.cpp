#include "runtime/graph/limits.hpp"

#include "core/format.hpp"
#include "pliant/error.hpp"
#include "runtime/graph/text.hpp"

namespace pliant::runtime {
namespace {

// Far above any real network.
constexpr std::uint32_t kMostItems = 1 << 16;
constexpr std::uint32_t kMostNodePorts = 1024;  // of one node
constexpr std::uint32_t kMostNameBytes = 1024;
constexpr std::uint32_t kMostSizes = 64;  // of a shape; its rank is checked elsewhere

template <class... Ts>
[[noreturn]] void fail(const Ts&... parts) {
  throw Error(ErrorCode::kInvalidModel, core::message("model: ", parts...));
}

template <class T>
void check_count(const flatbuffers::Vector<T>* items, const char* what, std::uint32_t most = kMostItems) {
  if (items != nullptr && items->size() > most)
    fail("it has ", items->size(), " ", what, ", at most ", most, " are supported");
}

// Names become parts of messages, which are one line.
void check_name(const flatbuffers::String* name, const char* what) {
  if (name == nullptr) return;
  if (name->size() > kMostNameBytes)
    fail("a name of ", what, " has ", name->size(), " bytes, at most ", kMostNameBytes, " are supported");
  if (printable(*name) != name->string_view())
    fail("the name '", printable(*name), "' of ", what, " has control characters");
}

void check_ports(const flatbuffers::Vector<flatbuffers::Offset<schema::Port>>* ports, const char* what) {
  for (const schema::Port* port : *ports) {
    check_name(port->name(), what);
    check_count(port->shape(), "sizes in a port's shape", kMostSizes);
    check_count(port->multiple_of(), "numbers in a port's multiple_of", kMostSizes);
  }
}

}  // namespace

void check_limits(const schema::Model& model, std::uint64_t file_bytes) {
  check_count(model.values(), "values");
  check_count(model.weights(), "weights");
  check_count(model.nodes(), "nodes");
  check_count(model.inputs(), "inputs");
  check_count(model.outputs(), "outputs");
  for (const schema::Value* value : *model.values()) check_name(value->name(), "a value");
  check_ports(model.inputs(), "an input");
  check_ports(model.outputs(), "an output");
  for (const schema::Node* node : *model.nodes()) {
    check_name(node->name(), "a node");
    check_count(node->inputs(), "inputs of one node", kMostNodePorts);
    check_count(node->outputs(), "outputs of one node", kMostNodePorts);
  }
  if (model.weights() == nullptr) return;
  std::uint64_t weight_bytes = 0;
  for (const schema::Weight* weight : *model.weights()) {
    check_name(weight->name(), "a weight");
    if (weight->data() != nullptr) weight_bytes += weight->data()->size();
  }
  if (weight_bytes > file_bytes)
    fail("its weights add up to ", weight_bytes, " bytes, the file has ", file_bytes,
         "; weights must not share their bytes, nodes may share a weight");
}

}  // namespace pliant::runtime

#include "runtime/graph/limits.hpp"

#include "core/format.hpp"
#include "pliant/error.hpp"
#include "runtime/graph/text.hpp"

namespace pliant::runtime {
namespace {

// Far above any real network; what grows with the square of it still takes a second at most.
constexpr std::uint32_t kMostItems = 1 << 14;
constexpr std::uint32_t kMostNodePorts = 1024;  // of one node
constexpr std::uint32_t kMostNameBytes = 1024;
constexpr std::uint32_t kMostSizes = 64;  // of a shape; its rank is checked elsewhere

template <class... Ts>
[[noreturn]] void fail(const Ts&... parts) {
  throw Error(ErrorCode::kInvalidModel, core::message("model: ", parts...));
}

template <class T>
void check_vector(const flatbuffers::Vector<T>* items, const char* what, std::uint32_t most = kMostItems) {
  if (items == nullptr) return;
  if (items->size() > most) fail("it has ", items->size(), " ", what, ", at most ", most, " are supported");
  // The verifier looks at the alignment of a vector's length alone, which is 4.
  if (reinterpret_cast<std::uintptr_t>(items->Data()) % sizeof(T) != 0)
    fail("the ", what, " are not aligned to ", sizeof(T), " bytes");
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
    check_vector(port->shape(), "sizes in a port's shape", kMostSizes);
    check_vector(port->multiple_of(), "numbers in a port's multiple_of", kMostSizes);
  }
}

}  // namespace

void check_limits(const schema::Model& model, std::uint64_t file_bytes) {
  check_vector(model.values(), "values");
  check_vector(model.weights(), "weights");
  check_vector(model.nodes(), "nodes");
  check_vector(model.inputs(), "inputs");
  check_vector(model.outputs(), "outputs");
  for (const schema::Value* value : *model.values()) check_name(value->name(), "a value");
  check_ports(model.inputs(), "an input");
  check_ports(model.outputs(), "an output");
  for (const schema::Node* node : *model.nodes()) {
    check_name(node->name(), "a node");
    check_vector(node->inputs(), "inputs of one node", kMostNodePorts);
    check_vector(node->outputs(), "outputs of one node", kMostNodePorts);
  }
  if (const schema::ImagePreprocess* preprocess = model.preprocess()) {
    check_vector(preprocess->mean(), "numbers in preprocess.mean");
    check_vector(preprocess->std(), "numbers in preprocess.std");
  }
  if (model.weights() == nullptr) return;
  std::uint64_t weight_bytes = 0;
  for (const schema::Weight* weight : *model.weights()) {
    check_name(weight->name(), "a weight");
    check_vector(weight->shape(), "sizes in a weight's shape", kMostSizes);
    if (weight->data() != nullptr) weight_bytes += weight->data()->size();
  }
  if (weight_bytes > file_bytes)
    fail("its weights add up to ", weight_bytes, " bytes, the file has ", file_bytes,
         "; weights must not share their bytes, nodes may share a weight");
}

}  // namespace pliant::runtime

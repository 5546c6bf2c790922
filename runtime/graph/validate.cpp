#include "runtime/graph/validate.hpp"

#include <set>

#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::runtime {
namespace {

constexpr std::int64_t kMostMultiple = 1 << 12;

template <class... Ts>
[[noreturn]] void fail(const Ts&... parts) {
  throw Error(ErrorCode::kInvalidModel, core::message("model: ", parts...));
}

void check_some(std::string_view what, std::size_t count) {
  if (count == 0) fail("it has no ", what);
}

void check_value(const Graph& graph, int value, std::string_view who, std::string_view name) {
  if (value < 0 || static_cast<std::size_t>(value) >= graph.values.size())
    fail(who, " '", name, "' names value ", value, ", there are ", graph.values.size());
}

/// Marks a value as produced.
void produce(const Graph& graph, std::vector<bool>& produced, int value, std::string_view who,
             std::string_view name) {
  check_value(graph, value, who, name);
  if (produced[static_cast<std::size_t>(value)])
    fail("value ", value, " is produced twice, the second time by ", who, " '", name, "'");
  produced[static_cast<std::size_t>(value)] = true;
}

void check_port(const Graph& graph, const Port& port, std::string_view who, std::set<std::string>& names) {
  const std::string& name = port.info.name;
  if (name.empty()) fail("an ", who, " has no name");
  if (!names.insert(name).second) fail("two ", who, "s have the name '", name, "'");
  check_value(graph, port.value, who, name);
  const int rank = graph.values[static_cast<std::size_t>(port.value)].rank;
  if (port.info.shape.size() != static_cast<std::size_t>(rank))
    fail(who, " '", name, "' has a shape of rank ", port.info.shape.size(), ", its value has rank ", rank);
  if (port.info.multiple_of.size() != port.info.shape.size())
    fail(who, " '", name, "': multiple_of has ", port.info.multiple_of.size(), " numbers, the shape ", rank);
  for (std::size_t i = 0; i < port.info.shape.size(); ++i) {
    const std::int64_t size = port.info.shape[i];
    const std::int64_t multiple = port.info.multiple_of[i];
    if (size != -1 && size < 1)
      fail(who, " '", name, "' has a size of ", size, ", expected -1 or 1 and more");
    if (multiple < 1 || multiple > kMostMultiple)
      fail(who, " '", name, "' has a multiple of ", multiple, ", expected 1 to ", kMostMultiple);
    if (size != -1 && size % multiple != 0)
      fail(who, " '", name, "' has the fixed size ", size, ", which is not a multiple of ", multiple);
  }
}

void check_node(const Graph& graph, const Node& node, std::vector<bool>& produced) {
  std::vector<int> ranks;
  for (const int value : node.inputs) {
    check_value(graph, value, "node", node.name);
    if (!produced[static_cast<std::size_t>(value)])
      fail("node '", node.name, "' reads value ", value, " before it is produced");
    ranks.push_back(graph.values[static_cast<std::size_t>(value)].rank);
  }
  const std::vector<int> output_ranks = layers::validate(node.layer, graph.context(node), ranks);
  if (output_ranks.size() != node.outputs.size())
    fail("node '", node.name, "' has ", node.outputs.size(), " outputs, its layer has ", output_ranks.size());
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    produce(graph, produced, node.outputs[i], "node", node.name);
    const int rank = graph.values[static_cast<std::size_t>(node.outputs[i])].rank;
    if (rank != output_ranks[i])
      fail("node '", node.name, "' gives a value of rank ", output_ranks[i], ", the file says ", rank);
  }
}

}  // namespace

void validate(const Graph& graph) {
  check_some("values", graph.values.size());
  check_some("inputs", graph.inputs.size());
  check_some("outputs", graph.outputs.size());
  for (const Value& value : graph.values)
    if (value.rank < 1 || value.rank > Shape::kMaxRank)
      fail("value '", value.name, "' has rank ", value.rank, ", expected 1 to ", Shape::kMaxRank);

  std::vector<bool> produced(graph.values.size(), false);
  std::set<std::string> input_names;
  for (const Port& port : graph.inputs) {
    check_port(graph, port, "input", input_names);
    produce(graph, produced, port.value, "input", port.info.name);
  }
  std::set<std::string> node_names;
  for (const Node& node : graph.nodes) {
    if (node.name.empty()) fail("a node has no name");
    if (!node_names.insert(node.name).second) fail("two nodes have the name '", node.name, "'");
    check_node(graph, node, produced);
  }
  for (std::size_t i = 0; i < produced.size(); ++i)
    if (!produced[i]) fail("value ", i, " '", graph.values[i].name, "' is produced by nothing");
  std::set<std::string> output_names;
  for (const Port& port : graph.outputs) check_port(graph, port, "output", output_names);
}

}  // namespace pliant::runtime

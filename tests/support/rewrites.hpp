// Looks at what rewriting makes of a model's graph, and runs a model with and without it.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "backends/registry.hpp"
#include "pliant/pliant.hpp"
#include "runtime/graph/model_data.hpp"

namespace pliant::test {

/// The graph that the CPU backend runs.
inline const runtime::Graph& rewritten(const Model& model) {
  return model.data()->compiled(backends::cpu::backend(), true)->graph;
}

/// Nodes of a layer.
inline std::size_t count(const runtime::Graph& graph, std::string_view layer) {
  return static_cast<std::size_t>(
      std::count_if(graph.nodes.begin(), graph.nodes.end(),
                    [&](const runtime::Node& node) { return layers::name_of(node.layer) == layer; }));
}
inline std::size_t count(const Model& model, std::string_view layer) {
  return count(rewritten(model), layer);
}

/// Runs the rewritten graph, or the one in the file, on two threads.
inline std::vector<Tensor> run(const Model& model, std::span<const ConstTensorView> inputs, bool rewrites) {
  ::setenv("PLIANT_REWRITES", rewrites ? "on" : "off", 1);
  Session session(model, {.device = Device::cpu(), .threads = 2});
  ::unsetenv("PLIANT_REWRITES");
  return session.run(inputs);
}
inline std::vector<Tensor> run(const Model& model, const Tensor& image, bool rewrites) {
  const ConstTensorView views[] = {image};
  return run(model, views, rewrites);
}

}  // namespace pliant::test

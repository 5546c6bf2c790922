// What a Model handle points at: the file, the graph, and the kernels made of it for each backend.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "backends/backend.hpp"
#include "runtime/graph/graph.hpp"
#include "runtime/graph/model_file.hpp"

namespace pliant::runtime {

/// A graph with a kernel a node. Immutable but for the pack cache, which locks itself.
struct CompiledGraph {
  Graph graph;
  std::vector<std::unique_ptr<backends::Kernel>> kernels;
  backends::PackCache packs;
  const ModelFile* file = nullptr;  // of the ModelData, which outlives this
};

struct ModelData {
  explicit ModelData(ModelFile bytes);

  ModelFile file;
  Graph graph;  // as in the file
  ModelInfo info;
  std::vector<PortInfo> inputs;
  std::vector<PortInfo> outputs;
  std::optional<ImagePreprocess> preprocess;
  std::optional<TextPostprocess> postprocess;

  /// Made at the first call for a backend and shared by all sessions. Thread-safe. Throws kUnsupported,
  /// naming every layer that the backend lacks.
  std::shared_ptr<CompiledGraph> compiled(const backends::Backend& backend, bool rewritten) const;

 private:
  mutable std::mutex mutex_;
  mutable std::map<std::pair<const backends::Backend*, bool>, std::shared_ptr<CompiledGraph>> compiled_;
};

}  // namespace pliant::runtime

#include "runtime/graph/model_data.hpp"

#include <set>

#include "core/format.hpp"
#include "pliant/error.hpp"
#include "runtime/graph/loader.hpp"
#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime {
namespace {

void check_supported(const Graph& graph, const backends::Backend& backend) {
  std::set<std::string> missing;
  for (const Node& node : graph.nodes)
    if (!backend.supports(node.layer)) missing.insert(std::string(layers::name_of(node.layer)));
  if (missing.empty()) return;
  std::string names;
  for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
  throw Error(ErrorCode::kUnsupported, core::message("the backend ", backend.name(),
                                                     " has no kernel for: ", names, "; use another device"));
}

std::vector<PortInfo> infos(const std::vector<Port>& ports) {
  std::vector<PortInfo> result;
  for (const Port& port : ports) result.push_back(port.info);
  return result;
}

}  // namespace

ModelData::ModelData(ModelFile bytes)
    : file(std::move(bytes)),
      graph(load_graph(file.root(), file.bytes().size())),
      info(load_info(file.root(), graph, file.bytes().size())),
      inputs(infos(graph.inputs)),
      outputs(infos(graph.outputs)),
      preprocess(load_preprocess(file.root())),
      postprocess(load_postprocess(file.root())) {}

std::shared_ptr<CompiledGraph> ModelData::compiled(const backends::Backend& backend, bool rewritten) const {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<CompiledGraph>& entry = compiled_[{&backend, rewritten}];
  if (entry != nullptr) return entry;
  auto made = std::make_shared<CompiledGraph>();
  made->graph = rewritten ? rewrite::rewrite_all(graph, backend) : graph;
  made->file = &file;
  check_supported(made->graph, backend);
  for (const Node& node : made->graph.nodes)
    made->kernels.push_back(backend.make_kernel(node.layer, made->graph.context(node)));
  entry = std::move(made);
  return entry;
}

}  // namespace pliant::runtime

// From the verified bytes of a model file to a graph.
#pragma once

#include <optional>

#include "pliant/model.hpp"
#include "runtime/graph/graph.hpp"
#include "schema/model_generated.h"

namespace pliant::runtime {

/// The graph of a file of `file_bytes`, checked by `check_limits` and `validate`. Weights keep looking into
/// the file's bytes. Throws kInvalidModel.
Graph load_graph(const schema::Model& model, std::uint64_t file_bytes);

ModelInfo load_info(const schema::Model& model, const Graph& graph, std::uint64_t file_bytes);

/// Throws kInvalidModel for numbers out of range and unknown enum values.
std::optional<ImagePreprocess> load_preprocess(const schema::Model& model);
std::optional<TextPostprocess> load_postprocess(const schema::Model& model);

}  // namespace pliant::runtime

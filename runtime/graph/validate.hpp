// Semantic checks of a graph: every number in a model file is untrusted.
#pragma once

#include "runtime/graph/graph.hpp"

namespace pliant::runtime {

/// Indices in range, every value produced once and before it is read, ranks that fit, ports that make sense,
/// and each layer's own rules. Throws kInvalidModel.
void validate(const Graph& graph);

}  // namespace pliant::runtime

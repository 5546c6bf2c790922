// Graph -> graph passes. Each file here is one pass with its reason; all keep the network's results (up to
// rounding).
#pragma once

#include "backends/backend.hpp"
#include "runtime/graph/graph.hpp"

namespace pliant::runtime::rewrite {

/// Input shapes of a middling size that fit the ports, for passes that must tell broadcasting from equal
/// shapes. Empty where the network cannot take any such shape. A pass may rely on what it sees there only
/// where a wrong guess is noticed later: planning falls back to the graph as it was before the rewrites.
std::vector<Shape> sample_shapes(const Graph& graph);

/// add(conv(x), r) -> conv(x, r) where nothing else reads conv(x): the sum costs no extra pass over memory.
void fuse_residual(Graph& graph, const backends::Backend& backend);

/// relu(f(x)), sigmoid, hardswish and swish of f(x) -> f with an activation, where nothing else reads f(x).
void fuse_activation(Graph& graph, const backends::Backend& backend);

/// activation(conv(x)) * c + d, with one number each -> conv with that in its epilogue.
void scale_activation(Graph& graph, const backends::Backend& backend);

/// x + x * gate -> x * (gate + 1), where the gate has a number for a channel or so: squeeze-and-excite with a
/// residual sum then reads and writes the map once.
void fold_gate(Graph& graph, const backends::Backend& backend);

/// Tells convolutions whether their results are offsets of deformable convolutions, or lead to them.
void mark_offsets(Graph& graph);

/// conv(concat(..., up(b), ...)) -> a sum of convolutions, one for each input of the concatenation.
void split_concat(Graph& graph, const backends::Backend& backend);

/// conv(up(a) + p(b)) -> conv(up(a)) + conv'(b), where p is a 1x1 convolution and the products get fewer.
void fold_pointwise(Graph& graph, const backends::Backend& backend);

/// conv(up(a)) -> a convolution that enlarges its input itself.
void fold_upsample(Graph& graph);

/// a + up(b) -> a sum that enlarges b itself, where nobody else reads up(b).
void fuse_upsampled_sum(Graph& graph);

/// t2(t1(x)) -> one node for two transposed convolutions whose outputs belong to one input pixel each and are
/// read by nobody else: what lies between them is never written.
void fuse_transposed_pair(Graph& graph, const backends::Backend& backend);

/// max_pool(conv(x)) -> one node, where nothing else reads conv(x) and the backend says that it pays: the map
/// between them is never written.
void fuse_pooling(Graph& graph, const backends::Backend& backend);

/// deform(x, slice(m), sigmoid(slice(m))) -> deform(x, m), which finds offsets and mask in the map of the
/// offset convolution and applies the sigmoid itself.
void read_offset_map(Graph& graph, const backends::Backend& backend);

/// Removes nodes whose results nobody reads.
void drop_dead_nodes(Graph& graph);

/// What a pass takes out it marks by clearing its outputs, and calls this once in the end.
void remove_without_outputs(Graph& graph);

/// All passes in their order.
Graph rewrite_all(const Graph& graph, const backends::Backend& backend);

}  // namespace pliant::runtime::rewrite

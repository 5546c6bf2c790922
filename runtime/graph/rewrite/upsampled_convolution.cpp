// Convolutions of nearest-upsampled maps need nine products a pixel of the small map instead of nine a pixel
// of the large one (backends/cpu/simd/upsampled.cpp has the algebra). Three passes bring them to light:
//
//   split_concat      conv([a, up(b), ...]) = conv_a(a) + conv_b(up(b)) + ...: a convolution is a sum over
//   its
//                     input channels, and each part has its own channels of the weight. The concatenation
//                     need not exist.
//   fold_pointwise    conv(up(a) + p(b)) = conv(up(a)) + (conv o p)(b) for a 1x1 convolution p without bias:
//                     both are linear, and p of the zeros around the picture is zero.
//   fold_upsample     conv(up(a)): the convolution enlarges its input itself.
//
// All hold in real arithmetic; results differ by rounding.
#include <algorithm>
#include <optional>

#include "runtime/graph/rewrite/edit.hpp"
#include "runtime/graph/rewrite/rewrite.hpp"

namespace pliant::runtime::rewrite {
namespace {

using layers::Conv2d;
using layers::Pair;

bool takes_upsampled_input(const Walk& walk, const Conv2d& conv) {
  return conv.upsample == Pair{1, 1} && layers::takes_upsampled_input(conv, walk.weight(conv.weight).shape);
}

/// By how much a node enlarges, where the nearest neighbour's index is exactly dst / factor: PyTorch computes
/// it from a rounded reciprocal, which powers of two do not have. None for other nodes.
std::optional<Pair> upsampling_factor(const Node* node) {
  const auto* up = node == nullptr ? nullptr : std::get_if<layers::Upsample>(&node->layer);
  if (up == nullptr || up->mode != layers::Upsample::Mode::kNearest || up->to_size) return std::nullopt;
  const auto factor = [](double scale) {
    for (const int power : {2, 4, 8, 16, 32})
      if (scale == power) return power;
    return 0;
  };
  const Pair result{factor(up->scale_h), factor(up->scale_w)};
  return result.h != 0 && result.w != 0 ? std::optional(result) : std::nullopt;
}

/// One part of a sum of convolutions.
Node part(const Node& conv, const std::string& name, const Conv2d& layer, int input) {
  return {conv.name + "/" + name, layer, {input}, {}};
}

/// A chain of convolutions, each of which adds the one before it; the last is finished as `conv` was.
void chain(Walk& walk, const Node& conv, std::vector<Node>& parts) {
  const auto& whole = std::get<Conv2d>(conv.layer);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto& layer = std::get<Conv2d>(parts[i].layer);
    const bool last = i + 1 == parts.size();
    layer.bias = last ? whole.bias : layers::WeightId{};
    layer.epilogue = {i > 0 || whole.epilogue.residual,
                      last ? whole.epilogue.activation : layers::Activation::kNone};
    if (i > 0)
      parts[i].inputs.push_back(parts[i - 1].outputs[0]);
    else if (whole.epilogue.residual)
      parts[i].inputs.push_back(conv.inputs.back());
    parts[i].outputs = {last ? conv.outputs[0] : walk.add_value(parts[i].name, conv.outputs[0])};
  }
}

bool can_chain(const backends::Backend& backend, const Conv2d& conv) {
  return backend.fuses(conv, {true, conv.epilogue.activation}) && backend.fuses(conv, {true, {}});
}

/// The weight's input channels [begin, begin + count).
layers::WeightId channels_of(Graph& graph, layers::WeightId id, std::int64_t begin, std::int64_t count) {
  const layers::Weight whole = graph.weights[static_cast<std::size_t>(id.index)];
  const Shape& shape = whole.shape;
  const std::int64_t taps = shape[2] * shape[3];
  return add_weight(graph, whole.name, {shape[0], count, shape[2], shape[3]}, [&](std::span<float> to) {
    for (std::int64_t o = 0; o < shape[0]; ++o)
      std::copy_n(whole.data + (o * shape[1] + begin) * taps, count * taps,
                  to.begin() + static_cast<std::ptrdiff_t>(o * count * taps));
  });
}

/// (conv o pointwise): W[o][c][t] = sum over n of conv[o][n][t] * pointwise[n][c].
layers::WeightId compose(Graph& graph, layers::WeightId conv, layers::WeightId pointwise) {
  const layers::Weight outer = graph.weights[static_cast<std::size_t>(conv.index)];
  const layers::Weight inner = graph.weights[static_cast<std::size_t>(pointwise.index)];
  const std::int64_t outputs = outer.shape[0], middle = outer.shape[1], channels = inner.shape[1];
  const std::int64_t taps = outer.shape[2] * outer.shape[3];
  return add_weight(
      graph, outer.name, {outputs, channels, outer.shape[2], outer.shape[3]}, [&](std::span<float> to) {
        std::vector<double> sums(static_cast<std::size_t>(channels * taps));
        for (std::int64_t o = 0; o < outputs; ++o) {
          std::fill(sums.begin(), sums.end(), 0.0);
          for (std::int64_t n = 0; n < middle; ++n)
            for (std::int64_t t = 0; t < taps; ++t) {
              const double factor = outer.data[(o * middle + n) * taps + t];
              double* sum = sums.data() + t * channels;
              for (std::int64_t c = 0; c < channels; ++c)
                sum[c] += factor * double{inner.data[n * channels + c]};
            }
          float* composed = to.data() + o * channels * taps;
          for (std::int64_t c = 0; c < channels; ++c)
            for (std::int64_t t = 0; t < taps; ++t)
              composed[c * taps + t] = static_cast<float>(sums[static_cast<std::size_t>(t * channels + c)]);
        }
      });
}

/// The parts that take the place of a convolution of a concatenation; empty where it stays.
std::vector<Node> split(Walk& walk, const backends::Backend& backend, const Node& conv) {
  const auto& layer = std::get<Conv2d>(conv.layer);
  const Node* concat = walk.producer_of_kind<layers::Concat>(conv.inputs[0]);
  if (concat == nullptr || std::get<layers::Concat>(concat->layer).axis != 1 ||
      !walk.read_once(conv.inputs[0]) || !takes_upsampled_input(walk, layer) || !can_chain(backend, layer))
    return {};
  const auto is_upsampled = [&](int value) { return upsampling_factor(walk.producer(value)).has_value(); };
  const std::vector<int> inputs = concat->inputs;
  if (inputs.size() < 2 || std::none_of(inputs.begin(), inputs.end(), is_upsampled)) return {};
  std::vector<Node> parts;
  std::int64_t begin = 0;
  for (const int value : inputs) {
    Conv2d piece = layer;
    const std::int64_t count = walk.shape(value)[1];
    piece.weight = channels_of(walk.graph(), layer.weight, begin, count);
    begin += count;
    parts.push_back(part(conv, walk.graph().values[static_cast<std::size_t>(value)].name, piece, value));
  }
  // Those in full size first: the others add to what they wrote.
  std::stable_partition(parts.begin(), parts.end(),
                        [&](const Node& node) { return !is_upsampled(node.inputs[0]); });
  chain(walk, conv, parts);
  return parts;
}

/// A 1x1 convolution that is nothing but a matrix.
bool is_linear_pointwise(const Walk& walk, const Conv2d& layer) {
  const Shape& weight = walk.weight(layer.weight).shape;
  const Pair one{1, 1};
  return weight[2] == 1 && weight[3] == 1 && layer.stride == one && layer.padding == Pair{0, 0} &&
         layer.groups == 1 && !layer.bias.present() && layer.epilogue == layers::Epilogue{} &&
         layer.upsample == one;
}

/// Whether fewer products an output pixel remain than of pointwise and convolution.
bool gets_cheaper(const Shape& conv, const Shape& pointwise, Pair factor) {
  const std::int64_t outputs = conv[0], middle = pointwise[0], channels = pointwise[1];
  const std::int64_t before = middle * channels + 9 * outputs * middle;
  const std::int64_t after = 9 * outputs * channels + 9 * outputs * middle / (factor.h * factor.w);
  return after < before;
}

/// The parts that take the place of a convolution of a sum; empty where it stays.
std::vector<Node> fold(Walk& walk, const backends::Backend& backend, const Node& conv) {
  const auto& layer = std::get<Conv2d>(conv.layer);
  const Node* sum = walk.producer_of_kind<layers::Add>(conv.inputs[0]);
  if (sum == nullptr || std::get<layers::Add>(sum->layer).activation != layers::Activation::kNone ||
      !walk.read_once(conv.inputs[0]) || !takes_upsampled_input(walk, layer) || !can_chain(backend, layer))
    return {};
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const int large = sum->inputs[side];
    const int linear = sum->inputs[1 - side];
    const Node* up = walk.producer(large);
    const auto factor = upsampling_factor(up);
    const Node* pointwise = walk.producer_of_kind<Conv2d>(linear);
    if (!factor || pointwise == nullptr || !walk.read_once(linear) ||
        !(walk.shape(large) == walk.shape(linear)))
      continue;
    const auto& inner = std::get<Conv2d>(pointwise->layer);
    if (!is_linear_pointwise(walk, inner) ||
        !gets_cheaper(walk.weight(layer.weight).shape, walk.weight(inner.weight).shape, *factor))
      continue;
    Conv2d composed = layer;
    composed.weight = compose(walk.graph(), layer.weight, inner.weight);
    std::vector<Node> parts{part(conv, pointwise->name, composed, pointwise->inputs[0]),
                            part(conv, up->name, layer, large)};
    chain(walk, conv, parts);
    return parts;
  }
  return {};
}

/// Gives each convolution to `pass`, which gives what takes its place, or nothing.
void for_each_convolution(Graph& graph, const std::function<std::vector<Node>(Walk&, const Node&)>& pass) {
  Walk walk(graph);
  if (!walk.has_shapes()) return;
  walk.run([&](Node node) {
    std::vector<Node> nodes;
    if (std::holds_alternative<Conv2d>(node.layer)) nodes = pass(walk, node);
    if (nodes.empty()) nodes.push_back(std::move(node));
    return nodes;
  });
  drop_dead_nodes(graph);
}

}  // namespace

void split_concat(Graph& graph, const backends::Backend& backend) {
  for_each_convolution(graph, [&](Walk& walk, const Node& conv) { return split(walk, backend, conv); });
}

void fold_pointwise(Graph& graph, const backends::Backend& backend) {
  for_each_convolution(graph, [&](Walk& walk, const Node& conv) { return fold(walk, backend, conv); });
}

void fold_upsample(Graph& graph) {
  for_each_convolution(graph, [](Walk& walk, const Node& conv) -> std::vector<Node> {
    Conv2d layer = std::get<Conv2d>(conv.layer);
    const Node* up = walk.producer(conv.inputs[0]);
    const auto factor = upsampling_factor(up);
    if (!factor || !takes_upsampled_input(walk, layer)) return {};
    layer.upsample = *factor;
    Node result = conv;
    result.layer = layer;
    result.inputs[0] = up->inputs[0];
    return {result};
  });
}

}  // namespace pliant::runtime::rewrite

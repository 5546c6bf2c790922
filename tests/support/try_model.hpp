// Loads and runs untrusted model bytes within bounds, and checks what the library promises about them.
#pragma once

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include "core/format.hpp"
#include "pliant/pliant.hpp"
#include "runtime/graph/model_data.hpp"

namespace pliant::test {

/// The library did what it never may.
struct Violation : std::logic_error {
  using std::logic_error::logic_error;
};

template <class... Ts>
void promise(bool kept, const Ts&... otherwise) {
  if (!kept) throw Violation(core::message(otherwise...));
}

/// What holds for every error that untrusted input of a few kilobytes leads to.
inline void check_error(const Error& error) {
  promise(std::strlen(error.what()) > 10, "an error says too little: '", error.what(), "'");
  promise(std::strpbrk(error.what(), "\n\r\033") == nullptr,
          "an error is not one plain line: ", error.what());
  promise(error.code() != ErrorCode::kInternal, "an internal error: ", error.what());
  promise(error.code() != ErrorCode::kOutOfMemory, "too much memory was asked for: ", error.what());
}

enum class Outcome { kRefused, kRan, kTooLarge };

/// Values of more elements than this are planned but not computed, so that a flipped size costs no minutes.
inline constexpr std::int64_t kMostElements = 1 << 20;

/// Whether computing this costs little. Throws what shape inference throws.
inline bool is_small(const Model& model, std::span<const Shape> inputs, std::uint64_t most_macs = 1 << 24) {
  const runtime::Graph& graph = model.data()->graph;
  const auto shapes = runtime::infer_shapes(graph, inputs);
  std::int64_t sum = 0;
  for (const Shape& shape : shapes) {
    if (shape.elements() > kMostElements) return false;
    sum += shape.elements();
  }
  // Windows far larger than the picture are legal and slow; nothing to learn from computing them.
  std::uint64_t macs = 0;
  for (const runtime::Node& node : graph.nodes) {
    std::vector<Shape> in, out;
    for (const int v : node.inputs) in.push_back(shapes[static_cast<std::size_t>(v)]);
    for (const int v : node.outputs) out.push_back(shapes[static_cast<std::size_t>(v)]);
    macs += layers::macs(node.layer, graph.context(node), in, out);
    const auto count = [&](std::int64_t h, std::int64_t w) {
      macs += static_cast<std::uint64_t>(out[0].elements()) * static_cast<std::uint64_t>(h * w);
    };
    if (const auto* max = std::get_if<layers::MaxPool2d>(&node.layer))
      count(max->kernel_size.h, max->kernel_size.w);
    if (const auto* mean = std::get_if<layers::AvgPool2d>(&node.layer))
      count(mean->kernel_size.h, mean->kernel_size.w);
    if (const auto* regions = std::get_if<layers::DeformRoIPool>(&node.layer))
      count(regions->sample_per_part, regions->sample_per_part);
  }
  return sum <= kMostElements && macs < most_macs;
}

/// The shapes of all inputs: dynamic sizes become the least multiple from `side`, the first one (a batch)
/// becomes `batch`.
inline std::vector<Shape> input_shapes(const Model& model, std::int64_t side, std::int64_t batch) {
  std::vector<Shape> shapes;
  for (const PortInfo& port : model.inputs()) {
    std::vector<std::int64_t> sizes = port.shape;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] >= 0) continue;
      const std::int64_t multiple = port.multiple_of[i];
      sizes[i] = ((i == 0 ? batch : side) + multiple - 1) / multiple * multiple;
    }
    shapes.emplace_back(std::span<const std::int64_t>(sizes));
  }
  return shapes;
}

/// Runs a session on constant input and looks at every output. Throws Error.
inline Outcome run_small(const Model& model, Session& session, const std::vector<Shape>& shapes) {
  for (const Shape& shape : shapes)
    if (shape.elements() > kMostElements) return Outcome::kTooLarge;
  if (!is_small(model, shapes)) return Outcome::kTooLarge;
  std::vector<Tensor> images;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    images.emplace_back(shapes[i]);
    for (float& v : images.back().values()) v = 0.5F;
  }
  for (std::size_t i = 0; i < images.size(); ++i) session.set_input(i, images[i]);
  session.run();
  for (std::size_t i = 0; i < model.outputs().size(); ++i) session.output(i);
  return Outcome::kRan;
}

/// Loads and, where that costs little, runs at the smallest size. Anything but Error that escapes is a
/// defect.
inline Outcome try_model(std::span<const std::byte> bytes) {
  try {
    const Model model = Model::from_memory(bytes);
    Session session(model, {.device = Device::cpu(), .threads = 1});
    return run_small(model, session, input_shapes(model, 4, 1));
  } catch (const Error& error) {
    check_error(error);
    return Outcome::kRefused;
  }
}

}  // namespace pliant::test

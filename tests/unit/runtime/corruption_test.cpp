// A model file is untrusted input: whatever the bytes, loading and running end with a result or with one
// Error.
#include <doctest/doctest.h>

#include <cstring>

#include "core/buffer.hpp"
#include "pliant/pliant.hpp"
#include "runtime/graph/model_data.hpp"
#include "tests/support/small_network.hpp"

using namespace pliant;

namespace {

// Values of more elements than this are planned but not computed, so that a flipped size costs no minutes.
constexpr std::int64_t kMostElements = 1 << 20;

enum class Outcome { kRefused, kRan, kTooLarge };

bool is_small(const Model& model, std::span<const Shape> inputs) {
  std::int64_t sum = 0;
  for (const Shape& shape : runtime::infer_shapes(model.data()->graph, inputs)) {
    if (shape.elements() > kMostElements) return false;
    sum += shape.elements();
  }
  // Windows far larger than the picture are legal and slow; nothing to learn from computing them.
  std::uint64_t macs = 0;
  const runtime::Graph& graph = model.data()->graph;
  const auto shapes = runtime::infer_shapes(graph, inputs);
  for (const runtime::Node& node : graph.nodes) {
    std::vector<Shape> in, out;
    for (const int v : node.inputs) in.push_back(shapes[static_cast<std::size_t>(v)]);
    for (const int v : node.outputs) out.push_back(shapes[static_cast<std::size_t>(v)]);
    macs += layers::macs(node.layer, graph.context(node), in, out);
    if (const auto* pool = std::get_if<layers::MaxPool2d>(&node.layer))
      macs += static_cast<std::uint64_t>(out[0].elements()) *
              static_cast<std::uint64_t>(pool->kernel_size.h) *
              static_cast<std::uint64_t>(pool->kernel_size.w);
  }
  return sum <= kMostElements && macs < (1U << 24);
}

Outcome try_model(std::span<const std::byte> bytes) {
  try {
    const Model model = Model::from_memory(bytes);
    std::vector<Tensor> images;
    std::vector<Shape> shapes;
    for (const PortInfo& port : model.inputs()) {
      std::vector<std::int64_t> sizes = port.shape;
      for (std::size_t i = 0; i < sizes.size(); ++i)
        if (sizes[i] < 0) sizes[i] = i == 0 ? 1 : std::max<std::int64_t>(port.multiple_of[i], 4);
      shapes.emplace_back(std::span<const std::int64_t>(sizes));
      if (shapes.back().elements() > kMostElements) return Outcome::kTooLarge;
    }
    if (!is_small(model, shapes)) return Outcome::kTooLarge;
    Session session(model, {.device = Device::cpu(), .threads = 1});
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      images.emplace_back(shapes[i]);
      for (float& v : images.back().values()) v = 0.5F;
      session.set_input(i, images.back());
    }
    session.run();
    for (std::size_t i = 0; i < model.outputs().size(); ++i) session.output(i);
    return Outcome::kRan;
  } catch (const Error& e) {
    REQUIRE(std::strlen(e.what()) > 10);
    REQUIRE(std::strchr(e.what(), '\n') == nullptr);
    return Outcome::kRefused;
  }
}

}  // namespace

TEST_CASE("corruption: truncated at every 16th byte") {
  const auto bytes = test::small_network();
  REQUIRE(bytes.size() <= 65536);
  CHECK(try_model(bytes) == Outcome::kRan);
  for (std::size_t size = 0; size < bytes.size(); size += 16) {
    INFO("size " << size);
    CHECK(try_model({bytes.data(), size}) == Outcome::kRefused);
  }
}

TEST_CASE("corruption: every byte flipped") {
  auto bytes = test::small_network();
  int refused = 0;
  int ran = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    INFO("byte " << i);
    const std::byte before = bytes[i];
    bytes[i] = ~before;
    const Outcome outcome = try_model(bytes);
    refused += outcome == Outcome::kRefused ? 1 : 0;
    ran += outcome == Outcome::kRan ? 1 : 0;
    bytes[i] = before;
  }
  // Most bytes are weights, which have no wrong values; the structure's bytes must be noticed.
  CHECK(refused > 500);
  CHECK(ran > 1000);
}

TEST_CASE("corruption: single bits of the structure") {
  auto bytes = test::small_network();
  std::uint32_t state = 12345;
  for (int round = 0; round < 4000; ++round) {
    state = state * 1664525U + 1013904223U;
    const std::size_t at = (state >> 8) % bytes.size();
    const auto bit = static_cast<std::byte>(1U << (state & 7U));
    INFO("byte " << at);
    bytes[at] ^= bit;
    try_model(bytes);
    bytes[at] ^= bit;
  }
}

// Everything that is settled for one set of input shapes: shapes, algorithms and places in the arena. Holds
// offsets, not memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backends/backend.hpp"
#include "pliant/session.hpp"
#include "runtime/graph/model_data.hpp"

namespace pliant::runtime {

struct Step {
  const Node* node = nullptr;
  std::unique_ptr<backends::Prepared> prepared;
  // Views are made once; `bind` sets their pointers.
  std::vector<ConstTensorView> inputs;
  std::vector<TensorView> outputs;
  std::size_t workspace_offset = 0;
  // Profile.
  std::uint64_t runs = 0;
  std::int64_t total_ns = 0;
  std::int64_t min_ns = 0;
};

class Plan {
 public:
  /// Throws kInvalidArgument where the shapes do not fit the network, kOutOfMemory where sizes overflow.
  Plan(std::shared_ptr<CompiledGraph> compiled, std::span<const Shape> inputs, backends::Context& context);

  std::span<const Shape> input_shapes() const noexcept { return input_shapes_; }
  std::size_t arena_bytes() const noexcept { return arena_bytes_; }
  const CompiledGraph& compiled() const noexcept { return *compiled_; }

  /// Points all views into the arena.
  void bind(std::byte* arena);
  /// Lets an input be read where the caller has it (in the backend's layout) instead of in the arena; null =
  /// in the arena. Call after bind.
  void bind_input(std::size_t input, const float* data);

  TensorView input_view(std::size_t input) const;
  ConstTensorView output_view(std::size_t output) const;

  std::vector<Step>& steps() noexcept { return steps_; }
  const std::vector<Step>& steps() const noexcept { return steps_; }
  std::byte* arena() const noexcept { return arena_; }

  PlanSummary describe() const;

 private:
  void prepare_steps(backends::Context& context);
  void place_values();

  std::shared_ptr<CompiledGraph> compiled_;
  std::vector<Shape> input_shapes_;
  std::vector<Shape> shapes_;         // of all values
  std::vector<std::size_t> offsets_;  // of all values
  std::vector<Step> steps_;
  std::size_t arena_bytes_ = 0;
  std::byte* arena_ = nullptr;
};

}  // namespace pliant::runtime

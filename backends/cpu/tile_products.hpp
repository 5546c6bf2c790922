// Convolutions that are computed as one matrix product for each place of a tile: inputs are transformed into
// planes[place][tile][channel], multiplied by the place's weights, and the products transformed into outputs.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "backends/cpu/gemm.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {

/// One matrix B[C][Co] for each place, all of one size and in one block of memory.
class PlaceWeights {
 public:
  PlaceWeights(const GemmKernels& kernels, std::int64_t places, std::int64_t channels, std::int64_t outputs);

  std::vector<PackedMatrix> places;
  std::size_t bytes() const { return memory_.bytes(); }

 private:
  core::Buffer memory_;
};

/// How many tiles are worked on at a time, by whom, and where their planes lie in scratch memory.
///
/// Usually a task takes some tiles through all three steps: its planes stay in one core's cache, and all
/// weights are read once a task. Where tiles are few and weights large, all threads work on the same tiles,
/// one step after the other, and multiply at different places: every weight is then read by one thread only.
class TileProducts {
 public:
  TileProducts(const CpuContext& context, std::int64_t places, std::int64_t tiles, std::int64_t channels,
               std::int64_t outputs);

  /// Floats from one place's plane to the next, of inputs and of products.
  std::ptrdiff_t input_plane() const { return tiles_at_a_time_ * channels_; }
  std::ptrdiff_t product_plane() const { return tiles_at_a_time_ * outputs_; }
  std::size_t workspace_bytes() const {
    return part_bytes_ * (shared_ ? 1 : static_cast<std::size_t>(context_.threads()));
  }

  /// Calls input(tile, its row of plane 0) for each tile, multiplies, and calls output(tile, its row of
  /// products 0).
  template <class Input, class Output>
  void run(const PlaceWeights& weights, std::byte* workspace, const Input& input,
           const Output& output) const {
    if (shared_) return run_shared(weights, workspace, input, output);
    for_ranges(
        context_.pool(), tiles_, tiles_at_a_time_, [&](std::int64_t begin, std::int64_t end, int thread) {
          const Part part = part_at(workspace + static_cast<std::size_t>(thread) * part_bytes_, end - begin);
          for (std::int64_t i = 0; i < part.tiles; ++i) input(begin + i, part.planes + i * channels_);
          for (std::size_t place = 0; place < weights.places.size(); ++place)
            multiply_place(weights, part, place, 0, weights.places[place].panels());
          for (std::int64_t i = 0; i < part.tiles; ++i) output(begin + i, part.products + i * outputs_);
        });
  }

 private:
  /// The scratch memory of tiles that are worked on together.
  struct Part {
    std::int64_t tiles = 0;
    float* planes = nullptr;
    float* products = nullptr;
    const float* const* rows = nullptr;  ///< of plane 0
  };

  template <class Input, class Output>
  void run_shared(const PlaceWeights& weights, std::byte* workspace, const Input& input,
                  const Output& output) const {
    constexpr std::int64_t kTasksAThread = 8;
    core::ThreadPool& pool = context_.pool();
    const auto places = static_cast<std::int64_t>(weights.places.size());
    const std::int64_t panels = weights.places[0].panels();
    // A place's panels stay together where there are places enough: they share rows.
    const std::int64_t wanted = ceil_div(kTasksAThread * context_.threads(), places);
    const std::int64_t panels_a_task = ceil_div(panels, std::min(panels, wanted));
    const std::int64_t tasks = ceil_div(panels, panels_a_task);
    for (std::int64_t begin = 0; begin < tiles_; begin += tiles_at_a_time_) {
      const Part part = part_at(workspace, std::min(tiles_at_a_time_, tiles_ - begin));
      const std::int64_t grain = ceil_div(part.tiles, kTasksAThread * context_.threads());
      for_ranges(pool, part.tiles, grain, [&](std::int64_t first, std::int64_t last, int) {
        for (std::int64_t i = first; i < last; ++i) input(begin + i, part.planes + i * channels_);
      });
      pool.parallel_for(places * tasks, [&](std::int64_t index, int) {
        const std::int64_t panel = index % tasks * panels_a_task;
        multiply_place(weights, part, static_cast<std::size_t>(index / tasks), panel,
                       std::min(panels, panel + panels_a_task));
      });
      for_ranges(pool, part.tiles, grain, [&](std::int64_t first, std::int64_t last, int) {
        for (std::int64_t i = first; i < last; ++i) output(begin + i, part.products + i * outputs_);
      });
    }
  }

  Part part_at(std::byte* scratch, std::int64_t tiles) const;
  void multiply_place(const PlaceWeights& weights, const Part& part, std::size_t place,
                      std::int64_t panel_begin, std::int64_t panel_end) const;

  const CpuContext& context_;
  std::int64_t tiles_, channels_, outputs_;
  std::int64_t tiles_at_a_time_ = 1;
  bool shared_ = false;  ///< by all threads
  std::size_t planes_ = 0, products_ = 0, rows_ = 0;
  std::size_t part_bytes_ = 0;
};

}  // namespace pliant::backends::cpu

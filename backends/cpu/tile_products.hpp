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

/// How many tiles a task takes, and where its planes lie in a thread's scratch memory.
class TileProducts {
 public:
  TileProducts(const CpuContext& context, std::int64_t places, std::int64_t tiles, std::int64_t channels,
               std::int64_t outputs);

  /// Floats from one place's plane to the next, of inputs and of products.
  std::ptrdiff_t input_plane() const { return tiles_a_task_ * channels_; }
  std::ptrdiff_t product_plane() const { return tiles_a_task_ * outputs_; }
  std::size_t workspace_bytes() const { return thread_bytes_ * static_cast<std::size_t>(context_.threads()); }

  /// Calls input(tile, its row of plane 0) for each tile of a task, multiplies, and calls output(tile, its
  /// row of products 0).
  template <class Input, class Output>
  void run(const PlaceWeights& weights, std::byte* workspace, const Input& input,
           const Output& output) const {
    for_ranges(context_.pool(), tiles_, tiles_a_task_, [&](std::int64_t begin, std::int64_t end, int thread) {
      std::byte* scratch = workspace + static_cast<std::size_t>(thread) * thread_bytes_;
      auto* planes = reinterpret_cast<float*>(scratch + planes_);
      auto* products = reinterpret_cast<float*>(scratch + products_);
      for (std::int64_t tile = begin; tile < end; ++tile) input(tile, planes + (tile - begin) * channels_);
      multiply_places(weights, end - begin, planes, products,
                      reinterpret_cast<const float**>(scratch + rows_));
      for (std::int64_t tile = begin; tile < end; ++tile) output(tile, products + (tile - begin) * outputs_);
    });
  }

 private:
  void multiply_places(const PlaceWeights& weights, std::int64_t m, const float* planes, float* products,
                       const float** rows) const;

  const CpuContext& context_;
  std::int64_t tiles_, channels_, outputs_;
  std::int64_t tiles_a_task_ = 1;
  std::size_t planes_ = 0, products_ = 0, rows_ = 0;
  std::size_t thread_bytes_ = 0;
};

}  // namespace pliant::backends::cpu

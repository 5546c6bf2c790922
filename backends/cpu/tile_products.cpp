#include "backends/cpu/tile_products.hpp"

namespace pliant::backends::cpu {
namespace {

constexpr std::int64_t kRows = kMicroRows.back();  // whole micro-kernels

/// Tiles a task, but for the balance between threads. Planes and products should stay in the second-level
/// cache; but all weights are read once a task, so where these are large, more tiles have to share them.
/// Measured on R18's shapes on an AVX-512 machine.
std::int64_t usual_tiles(std::int64_t places, std::int64_t channels, std::int64_t outputs) {
  constexpr std::int64_t kPlaneFloats = 384 * 1024 / 4;
  constexpr std::int64_t kWeightsARow = 250'000 / kRows;
  constexpr std::int64_t kMost = 96;
  const std::int64_t fitting = kPlaneFloats / (places * (channels + outputs));
  const std::int64_t sharing = std::min(kMost, places * channels * outputs / kWeightsARow);
  return std::max(round_up(sharing, kRows), std::max<std::int64_t>(1, fitting / kRows) * kRows);
}

}  // namespace

PlaceWeights::PlaceWeights(const GemmKernels& kernels, std::int64_t count, std::int64_t channels,
                           std::int64_t outputs) {
  const std::size_t bytes = core::align_up(outline_matrix(kernels, channels, outputs).bytes());
  memory_ = core::Buffer(bytes * static_cast<std::size_t>(count));
  for (std::int64_t place = 0; place < count; ++place) {
    places.push_back(outline_matrix(kernels, channels, outputs));
    places.back().data = memory_.floats() + static_cast<std::size_t>(place) * (bytes / sizeof(float));
  }
}

TileProducts::TileProducts(const CpuContext& context, std::int64_t places, std::int64_t tiles,
                           std::int64_t channels, std::int64_t outputs)
    : context_(context), tiles_(tiles), channels_(channels), outputs_(outputs) {
  tiles_a_task_ = usual_tiles(places, channels, outputs);
  if (context.threads() > 1) {
    constexpr std::int64_t kTasksAThread = 4;
    const std::int64_t balanced = ceil_div(tiles, context.threads() * kTasksAThread);
    tiles_a_task_ = std::clamp<std::int64_t>(round_up(balanced, kRows), kRows, tiles_a_task_);
  }
  tiles_a_task_ = std::max<std::int64_t>(1, std::min(tiles_a_task_, tiles));
  ScratchLayout scratch;
  planes_ = scratch.add<float>(places * tiles_a_task_ * channels);
  products_ = scratch.add<float>(places * tiles_a_task_ * outputs);
  rows_ = scratch.add<const float*>(tiles_a_task_);
  thread_bytes_ = scratch.bytes();
}

void TileProducts::multiply_places(const PlaceWeights& weights, std::int64_t m, const float* planes,
                                   float* products, const float** rows) const {
  for (std::size_t place = 0; place < weights.places.size(); ++place) {
    const auto at = static_cast<std::ptrdiff_t>(place);
    for (std::int64_t i = 0; i < m; ++i) rows[i] = planes + at * input_plane() + i * channels_;
    GemmRows a;
    a.m = m;
    a.rows = rows;
    a.length = channels_;
    GemmOutput out;
    out.c = products + at * product_plane();
    out.ldc = outputs_;
    multiply(context_.simd(), weights.places[place], a, out);
  }
}

}  // namespace pliant::backends::cpu

#include "backends/cpu/tile_products.hpp"

namespace pliant::backends::cpu {
namespace {

constexpr std::int64_t kRows = kMicroRows.back();  // whole micro-kernels

constexpr std::int64_t kMostTiles = 96;

/// Tiles that have to share weights of this size, which are read once for all of them: nobody waits for
/// memory then. Measured on R18's shapes on an AVX-512 machine.
std::int64_t sharing_tiles(std::int64_t places, std::int64_t channels, std::int64_t outputs) {
  constexpr std::int64_t kWeightsARow = 250'000 / kRows;
  return round_up(std::min(kMostTiles, places * channels * outputs / kWeightsARow), kRows);
}

/// Tiles whose planes and products stay in the second-level cache.
std::int64_t fitting_tiles(std::int64_t places, std::int64_t channels, std::int64_t outputs) {
  constexpr std::int64_t kPlaneFloats = 384 * 1024 / 4;
  return std::max<std::int64_t>(1, kPlaneFloats / (places * (channels + outputs)) / kRows) * kRows;
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
  const std::int64_t sharing = sharing_tiles(places, channels, outputs);
  tiles_at_a_time_ = std::max(sharing, fitting_tiles(places, channels, outputs));
  if (context.threads() > 1) {
    constexpr std::int64_t kTasksAThread = 4;
    const std::int64_t balanced = round_up(ceil_div(tiles, context.threads() * kTasksAThread), kRows);
    shared_ = balanced < sharing;
    if (shared_)
      tiles_at_a_time_ = round_up(ceil_div(tiles, ceil_div(tiles, kMostTiles)), kRows);  // as even as can be
    else
      tiles_at_a_time_ = std::min(balanced, tiles_at_a_time_);
  }
  tiles_at_a_time_ = std::max<std::int64_t>(1, std::min(tiles_at_a_time_, tiles));
  ScratchLayout scratch;
  planes_ = scratch.add<float>(places * tiles_at_a_time_ * channels);
  products_ = scratch.add<float>(places * tiles_at_a_time_ * outputs);
  rows_ = scratch.add<const float*>(tiles_at_a_time_);
  part_bytes_ = scratch.bytes();
}

TileProducts::Part TileProducts::part_at(std::byte* scratch, std::int64_t tiles) const {
  auto* planes = reinterpret_cast<float*>(scratch + planes_);
  auto** rows = reinterpret_cast<const float**>(scratch + rows_);
  for (std::int64_t i = 0; i < tiles; ++i) rows[i] = planes + i * channels_;
  return {tiles, planes, reinterpret_cast<float*>(scratch + products_), rows};
}

void TileProducts::multiply_place(const PlaceWeights& weights, const Part& part, std::size_t place,
                                  std::int64_t panel_begin, std::int64_t panel_end) const {
  const auto at = static_cast<std::ptrdiff_t>(place);
  GemmRows a;
  a.m = part.tiles;
  a.rows = part.rows;
  a.offset = at * input_plane();
  a.length = channels_;
  GemmOutput out;
  out.c = part.products + at * product_plane();
  out.ldc = outputs_;
  multiply(context_.simd(), weights.places[place], a, out, panel_begin, panel_end);
}

}  // namespace pliant::backends::cpu

#include "backends/cpu/winograd_weights.hpp"

#include <array>
#include <span>

#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

using Row = std::array<double, 3>;

// The rows that go with the points in simd/winograd.cpp.
constexpr std::array<Row, 6> kFour{{{1.0 / 4, 0, 0},
                                    {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                    {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                    {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                    {0, 0, 1}}};
constexpr std::array<Row, 8> kSix{{{1, 0, 0},
                                   {-2.0 / 9, -2.0 / 9, -2.0 / 9},
                                   {-2.0 / 9, 2.0 / 9, -2.0 / 9},
                                   {1.0 / 90, 1.0 / 45, 2.0 / 45},
                                   {1.0 / 90, -1.0 / 45, 2.0 / 45},
                                   {1.0 / 45, 1.0 / 90, 1.0 / 180},
                                   {1.0 / 45, -1.0 / 90, 1.0 / 180},
                                   {0, 0, 1}}};

std::span<const Row> rows_of(WinogradTile tile) {
  return tile == WinogradTile::kFour ? std::span<const Row>(kFour) : std::span<const Row>(kSix);
}

/// (G g G^T)[y][x] of one 3x3 kernel.
double transformed(const float* kernel, const Row& y, const Row& x) {
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) sum += y[i] * x[j] * double{kernel[i * 3 + j]};
  return sum;
}

}  // namespace

std::shared_ptr<const PlaceWeights> winograd_weights(const Window& w, WinogradTile tile,
                                                     const CpuContext& context, PackCache& packs,
                                                     layers::WeightId id, const float* weight) {
  const std::span<const Row> rows = rows_of(tile);
  const PackKey key{id.index, core::message(gemm_form(context), " winograd ", rows.size())};
  return packs.get<PlaceWeights>(key, [&] {
    auto packed = std::make_shared<PlaceWeights>();
    for (const Row& y : rows)
      for (const Row& x : rows)
        packed->places.push_back(
            pack_matrix(context.simd().gemm, w.channels, w.out_channels, [&](std::int64_t k, std::int64_t n) {
              return static_cast<float>(transformed(weight + (n * w.channels + k) * 9, y, x));
            }));
    const std::size_t bytes = packed->bytes();
    return std::pair{std::shared_ptr<const PlaceWeights>(std::move(packed)), bytes};
  });
}

}  // namespace pliant::backends::cpu

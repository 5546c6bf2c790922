#include "backends/cpu/winograd_weights.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

using Row = std::array<double, 3>;

// The rows that go with the points in simd/winograd.cpp.
// A point p has the row (1, p, p^2), divided by the product of its differences to the others.
constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr double kSqrtTwo = 1.41421356237309504880;
constexpr std::array<Row, 6> kFour{{{1, 0, 0},
                                    {-2.0 / 3, -2.0 / 3 * kSqrtHalf, -1.0 / 3},
                                    {-2.0 / 3, 2.0 / 3 * kSqrtHalf, -1.0 / 3},
                                    {1.0 / 6, 1.0 / 6 * kSqrtTwo, 1.0 / 3},
                                    {1.0 / 6, -1.0 / 6 * kSqrtTwo, 1.0 / 3},
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

/// G g G^T of one 3x3 kernel, row by row; along one axis first, so that each sum is made once.
void transform(const float* kernel, std::span<const Row> rows, double* to) {
  std::array<Row, 8> halves{};
  for (std::size_t y = 0; y < rows.size(); ++y)
    for (std::size_t j = 0; j < 3; ++j)
      halves[y][j] = rows[y][0] * double{kernel[j]} + rows[y][1] * double{kernel[3 + j]} +
                     rows[y][2] * double{kernel[6 + j]};
  for (std::size_t y = 0; y < rows.size(); ++y)
    for (const Row& x : rows) *to++ = halves[y][0] * x[0] + halves[y][1] * x[1] + halves[y][2] * x[2];
}

/// Row k, that is one input channel, of all places.
void fill_row(PlaceWeights& packed, std::int64_t k, std::span<const Row> rows, const float* weight) {
  double values[64];
  const std::int64_t n = packed.places[0].n;
  const std::int64_t channels = packed.places[0].k;
  for (std::int64_t p = 0; p < packed.places[0].panels(); ++p) {
    const std::int64_t width = packed.places[0].panel_width(p);
    const std::int64_t first = p * packed.places[0].panel;
    const std::int64_t at = first * channels + k * width;
    for (std::int64_t j = 0; j < width; ++j) {
      if (first + j < n)
        transform(weight + ((first + j) * channels + k) * 9, rows, values);
      else
        std::fill(std::begin(values), std::end(values), 0.0);
      for (std::size_t place = 0; place < packed.places.size(); ++place)
        packed.places[place].data[at + j] = static_cast<float>(values[place]);
    }
  }
}

}  // namespace

std::shared_ptr<const PlaceWeights> winograd_weights(const Window& w, WinogradTile tile,
                                                     const CpuContext& context, PackCache& packs,
                                                     layers::WeightId id, const float* weight) {
  const std::span<const Row> rows = rows_of(tile);
  const PackKey key{id.index, core::message(gemm_form(context), " winograd ", rows.size())};
  return packs.get<PlaceWeights>(key, [&] {
    const auto places = static_cast<std::int64_t>(rows.size() * rows.size());
    auto packed = std::make_shared<PlaceWeights>(context.simd().gemm, places, w.channels, w.out_channels);
    for_ranges(context.pool(), w.channels, 4, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t k = begin; k < end; ++k) fill_row(*packed, k, rows, weight);
    });
    const std::size_t bytes = packed->bytes();
    return std::pair{std::shared_ptr<const PlaceWeights>(std::move(packed)), bytes};
  });
}

}  // namespace pliant::backends::cpu

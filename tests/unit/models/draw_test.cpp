#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "pliant/error.hpp"
#include "pliant/text_detector.hpp"

namespace pliant {
namespace {

Image white(int width, int height) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3), 255)};
}

bool is_white(const Image& image, int x, int y) {
  const auto at = image.pixels.begin() + (y * image.width + x) * 3;
  return std::all_of(at, at + 3, [](std::uint8_t v) { return v == 255; });
}

}  // namespace

TEST_CASE("a region is outlined and filled, what lies outside stays") {
  Image image = white(200, 120);
  const std::vector<TextRegion> regions{{{{60, 40}, {150, 40}, {150, 90}, {60, 90}}, 0.9}};
  draw_text_regions(image, regions);
  CHECK_FALSE(is_white(image, 100, 40));  // the outline
  CHECK_FALSE(is_white(image, 100, 65));  // the fill
  CHECK(is_white(image, 20, 100));
  CHECK(is_white(image, 180, 10));
  const auto inside = static_cast<std::size_t>((65 * 200 + 100) * 3);
  CHECK(*std::min_element(image.pixels.begin() + static_cast<std::ptrdiff_t>(inside),
                          image.pixels.begin() + static_cast<std::ptrdiff_t>(inside) + 3) >
        180);  // translucent
}

TEST_CASE("regions partly or wholly outside, and wild coordinates") {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const std::vector<TextRegion> regions{{{{-50, -20}, {20, -20}, {20, 10}, {-50, 10}}, 1},
                                        {{{500, 500}, {600, 500}, {600, 600}}, 1},
                                        {{{1e300, -kInf}, {std::nan(""), 3}, {kInf, 1e18}}, 1},
                                        {{{5, 5}}, 1},
                                        {{}, 1}};
  for (const int size : {1, 2, 64}) {
    Image image = white(size, size);
    CHECK_NOTHROW(draw_text_regions(image, regions));
    CHECK(image.pixels.size() == static_cast<std::size_t>(size * size * 3));
  }
}

TEST_CASE("no regions, no change; no picture, an error") {
  Image image = white(10, 10);
  draw_text_regions(image, {});
  CHECK(image.pixels == white(10, 10).pixels);
  Image broken{10, 10, {}};
  CHECK_THROWS_AS(draw_text_regions(broken, {}), Error);
}

}  // namespace pliant

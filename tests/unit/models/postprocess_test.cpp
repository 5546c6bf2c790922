// Single cases; that whole maps give the original's regions is shown in tests/e2e/test_boxes.py.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "models/db/min_box.hpp"
#include "pliant/error.hpp"
#include "pliant/text_detector.hpp"

namespace pliant {
namespace {

struct Map {
  int height;
  int width;
  std::vector<float> values;
  Map(int h, int w, float value) : height(h), width(w), values(static_cast<std::size_t>(h * w), value) {}
  void fill(int x0, int y0, int x1, int y1, float value) {
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x) {
        values[static_cast<std::size_t>(y * width + x)] = value;
      }
    }
  }
  std::vector<TextRegion> regions(RegionShape shape = RegionShape::kQuads, const TextPostprocess& p = {},
                                  int scale = 1) const {
    return find_text_regions(values, height, width, height * scale, width * scale, p, shape);
  }
};

constexpr RegionShape kBoth[] = {RegionShape::kQuads, RegionShape::kPolygons};

}  // namespace

TEST_CASE("one upright rectangle") {
  Map map(60, 100, 0.01F);
  map.fill(20, 20, 61, 41, 0.9F);
  // Corners (20, 20) to (60, 40); grown by 800 * 1.5 / 120 = 10.
  const auto regions = map.regions();
  REQUIRE(regions.size() == 1);
  CHECK(regions[0].score == doctest::Approx(0.9));
  const auto& p = regions[0].points;
  REQUIRE(p.size() == 4);
  CHECK(p[0].x == 10);
  CHECK(p[0].y == 10);
  CHECK(p[1].x == 70);
  CHECK(p[1].y == 10);
  CHECK(p[2].x == 70);
  CHECK(p[2].y == 50);
  CHECK(p[3].x == 10);
  CHECK(p[3].y == 50);
  const auto doubled = map.regions(RegionShape::kQuads, {}, 2);
  CHECK(doubled[0].points[2].x == 140);
  CHECK(doubled[0].points[2].y == 100);
  CHECK(map.regions(RegionShape::kPolygons).size() == 1);
}

TEST_CASE("maps without text") {
  for (const RegionShape shape : kBoth) {
    for (const int height : {1, 2, 7}) {
      CHECK(Map(height, 1, 0).regions(shape).empty());
      CHECK(Map(1, height, 0).regions(shape).empty());
    }
    // Smaller than the least side.
    CHECK(Map(1, 1, 1).regions(shape).empty());
    CHECK(Map(1, 50, 1).regions(shape).empty());
  }
}

TEST_CASE("coordinates are cut at the far edge itself") {
  for (const RegionShape shape : kBoth) {
    const auto regions = Map(32, 48, 1).regions(shape, {}, 3);
    REQUIRE(regions.size() == 1);
    double right = 0;
    double bottom = 0;
    for (const Point& point : regions[0].points) {
      CHECK(point.x >= 0);
      CHECK(point.y >= 0);
      right = std::max(right, point.x);
      bottom = std::max(bottom, point.y);
    }
    CHECK(right == 48 * 3);
    CHECK(bottom == 32 * 3);
  }
}

TEST_CASE("a pixel at the threshold is not text, a region at its threshold is") {
  TextPostprocess p;
  p.thresh = 0.5;
  p.box_thresh = 0.75;
  Map map(40, 40, 0.5F);
  CHECK(map.regions(RegionShape::kQuads, p).empty());
  map.fill(5, 5, 30, 30, 0.75F);
  CHECK(map.regions(RegionShape::kQuads, p).size() == 1);
  p.box_thresh = 0.7500001;
  CHECK(map.regions(RegionShape::kQuads, p).empty());
}

TEST_CASE("values that are no numbers are not text") {
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
    for (const RegionShape shape : kBoth) {
      CHECK(Map(30, 30, value).regions(shape).empty());
      Map map(60, 60, 0);
      map.fill(10, 10, 40, 40, 1);
      map.fill(20, 20, 25, 24, value);
      TextPostprocess p;
      p.box_thresh = 0.5;
      const auto regions = map.regions(shape, p);
      REQUIRE_FALSE(regions.empty());
      for (const TextRegion& region : regions) {
        CHECK(region.score > 0.5);
        CHECK(region.score < 1);
      }
    }
  }
}

TEST_CASE("bad arguments") {
  const std::vector<float> values(16);
  const auto refused = [&](int height, int width, int source_height, int source_width,
                           const TextPostprocess& p) {
    try {
      find_text_regions(values, height, width, source_height, source_width, p, RegionShape::kQuads);
    } catch (const Error& error) {
      return error.code() == ErrorCode::kInvalidArgument;
    }
    return false;
  };
  CHECK_FALSE(refused(4, 4, 4, 4, {}));
  CHECK(refused(0, 0, 4, 4, {}));
  CHECK(refused(-4, -4, 4, 4, {}));
  CHECK(refused(4, 5, 4, 4, {}));
  CHECK(refused(4, 4, 0, 4, {}));
  CHECK(refused(4, 4, 4, -1, {}));
  const auto with = [](auto change) {
    TextPostprocess p;
    change(p);
    return p;
  };
  using P = TextPostprocess;
  const double nan = std::nan("");
  CHECK(refused(4, 4, 4, 4, with([&](P& p) { p.thresh = nan; })));
  CHECK(refused(4, 4, 4, 4, with([&](P& p) { p.thresh = -0.1; })));
  CHECK(refused(4, 4, 4, 4, with([&](P& p) { p.box_thresh = 1.1; })));
  CHECK(refused(4, 4, 4, 4, with([&](P& p) { p.unclip_ratio = -1; })));
  CHECK(refused(4, 4, 4, 4, with([&](P& p) { p.unclip_ratio = 1e300; })));
  CHECK(refused(4, 4, 4, 4, with([&](P& p) { p.polygon_unclip_ratio = nan; })));
  CHECK(refused(4, 4, 4, 4, with([&](P& p) { p.max_candidates = -1; })));
  CHECK(refused(4, 4, 4, 4, with([&](P& p) { p.min_size = -1; })));
  CHECK(refused(4, 4, 4, 4, with([&](P& p) { p.polygon_epsilon = nan; })));
}

TEST_CASE("corners begin at the upper left and go clockwise") {
  const models::MinBox box = models::min_box({{5, 5}, {50, 5}, {50, 20}, {5, 20}});
  CHECK(box.short_side == 15);
  CHECK(box.corners[0] == cv::Point2f(5, 5));
  CHECK(box.corners[1] == cv::Point2f(50, 5));
  CHECK(box.corners[2] == cv::Point2f(50, 20));
  CHECK(box.corners[3] == cv::Point2f(5, 20));
}

}  // namespace pliant

// From a probability map to text regions. Numeric types are those that NumPy uses in the original, since they
// decide how coordinates are rounded.
#include "models/db/postprocess.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "core/format.hpp"
#include "models/db/min_box.hpp"
#include "models/db/score.hpp"
#include "models/db/unclip.hpp"
#include "models/opencv_guard.hpp"
#include "pliant/error.hpp"
#include "pliant/text_detector.hpp"

namespace pliant {
namespace models {
namespace {

using Contours = std::vector<std::vector<cv::Point>>;

constexpr double kGrownMargin = 2;  // added to min_size after unclipping

[[noreturn]] void fail_argument(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

void check_range(const char* name, double value, double least, double greatest) {
  if (!(value >= least && value <= greatest)) {
    fail_argument(
        core::message("text regions: ", name, " is ", value, ", expected ", least, " to ", greatest));
  }
}

// A map's coordinate in the source picture: scaled, rounded to even and clipped to 0..source, the far edge
// included. `Real` is float32 for quads and double for polygons, as in the original.
template <class Real>
double to_source(Real value, int map_size, int source_size) {
  const Real scaled = value / static_cast<Real>(map_size) * static_cast<Real>(source_size);
  return std::clamp<double>(std::nearbyint(scaled), 0.0, source_size);
}

class RegionFinder {
 public:
  RegionFinder(const cv::Mat& map, cv::Size source, const TextPostprocess& parameters)
      : map_(map), source_(source), parameters_(parameters) {}

  std::vector<TextRegion> quads() const {
    std::vector<TextRegion> regions;
    for (const auto& contour : contours()) {
      const MinBox core = min_box(contour);
      if (core.short_side < parameters_.min_size) {
        continue;
      }
      const std::vector<cv::Point2f> corners(core.corners.begin(), core.corners.end());
      const double score = polygon_score(map_, corners);
      if (parameters_.box_thresh > score) {
        continue;
      }
      std::vector<cv::Point> grown;
      for (const auto& piece : unclip(corners, parameters_.unclip_ratio)) {
        grown.insert(grown.end(), piece.begin(), piece.end());
      }
      if (grown.empty()) {
        continue;
      }
      const MinBox box = min_box(grown);
      if (box.short_side < parameters_.min_size + kGrownMargin) {
        continue;
      }
      TextRegion& region = regions.emplace_back();
      region.score = score;
      for (const cv::Point2f& corner : box.corners) {
        region.points.push_back({to_source<float>(corner.x, map_.cols, source_.width),
                                 to_source<float>(corner.y, map_.rows, source_.height)});
      }
    }
    return regions;
  }

  std::vector<TextRegion> polygons() const {
    std::vector<TextRegion> regions;
    for (const auto& contour : contours()) {
      std::vector<cv::Point> outline;
      cv::approxPolyDP(contour, outline, parameters_.polygon_epsilon * cv::arcLength(contour, true), true);
      if (outline.size() < 4) {
        continue;
      }
      const double score = polygon_score(map_, outline);
      if (parameters_.box_thresh > score) {
        continue;
      }
      const Contours pieces = unclip(outline, parameters_.polygon_unclip_ratio);
      if (pieces.size() != 1 || min_box(pieces[0]).short_side < parameters_.min_size + kGrownMargin) {
        continue;
      }
      TextRegion& region = regions.emplace_back();
      region.score = score;
      for (const cv::Point& point : pieces[0]) {
        region.points.push_back({to_source<double>(point.x, map_.cols, source_.width),
                                 to_source<double>(point.y, map_.rows, source_.height)});
      }
    }
    return regions;
  }

 private:
  // The outlines of all connected areas and of their holes, at most max_candidates, in OpenCV's order.
  Contours contours() const {
    cv::Mat bitmap(map_.rows, map_.cols, CV_8U);
    const auto thresh = static_cast<float>(parameters_.thresh);
    for (int y = 0; y < map_.rows; ++y) {
      const float* from = map_.ptr<float>(y);
      std::uint8_t* to = bitmap.ptr<std::uint8_t>(y);
      for (int x = 0; x < map_.cols; ++x) {
        to[x] = from[x] > thresh ? 255 : 0;
      }
    }
    Contours found;
    cv::findContours(bitmap, found, cv::RETR_LIST, cv::CHAIN_APPROX_SIMPLE);
    if (found.size() > static_cast<std::size_t>(parameters_.max_candidates)) {
      found.resize(static_cast<std::size_t>(parameters_.max_candidates));
    }
    return found;
  }

  cv::Mat map_;
  cv::Size source_;
  TextPostprocess parameters_;
};

// The map as OpenCV sees it: without a copy, unless it has values that are no numbers. Those count as
// probability 0, so that one of them cannot make a region's mean a NaN.
cv::Mat finite_map(std::span<const float> map, int height, int width) {
  const cv::Mat view(height, width, CV_32F, const_cast<float*>(map.data()));
  const auto finite = [](float p) { return std::isfinite(p); };
  if (std::all_of(map.begin(), map.end(), finite)) {
    return view;
  }
  cv::Mat copy = view.clone();
  std::replace_if(
      copy.begin<float>(), copy.end<float>(), [&](float p) { return !finite(p); }, 0.0F);
  return copy;
}

void check_sizes(std::size_t elements, int map_height, int map_width, int source_height, int source_width) {
  if (map_height < 1 || map_width < 1 ||
      elements != static_cast<std::size_t>(map_height) * static_cast<std::size_t>(map_width)) {
    fail_argument(core::message("text regions: a probability map of ", map_height, "x", map_width, " with ",
                                elements, " values, expected height * width values and at least one"));
  }
  // Clipper and OpenCV's contours count in int; float32 holds whole numbers up to 2^24.
  constexpr int kGreatestSide = 1 << 24;
  if (map_height > kGreatestSide || map_width > kGreatestSide) {
    fail_argument(core::message("text regions: a probability map of ", map_height, "x", map_width,
                                ", expected sides of at most ", kGreatestSide));
  }
  if (source_height < 1 || source_width < 1) {
    fail_argument(core::message("text regions: the source picture is ", source_height, "x", source_width,
                                ", expected at least 1x1"));
  }
}

}  // namespace

void check_postprocess(const TextPostprocess& p) {
  check_range("thresh", p.thresh, 0, 1);
  check_range("box_thresh", p.box_thresh, 0, 1);
  check_range("unclip_ratio", p.unclip_ratio, 0, 100);
  check_range("polygon_unclip_ratio", p.polygon_unclip_ratio, 0, 100);
  check_range("max_candidates", p.max_candidates, 1, std::numeric_limits<int>::max());
  check_range("min_size", p.min_size, 0, 1 << 24);
  check_range("polygon_epsilon", p.polygon_epsilon, 0, 1);
}

}  // namespace models

std::vector<TextRegion> find_text_regions(std::span<const float> map, int map_height, int map_width,
                                          int source_height, int source_width,
                                          const TextPostprocess& parameters, RegionShape shape) {
  models::check_sizes(map.size(), map_height, map_width, source_height, source_width);
  models::check_postprocess(parameters);
  return models::guard_opencv("find text regions", [&] {
    const models::RegionFinder finder(models::finite_map(map, map_height, map_width),
                                      cv::Size(source_width, source_height), parameters);
    return shape == RegionShape::kQuads ? finder.quads() : finder.polygons();
  });
}

}  // namespace pliant

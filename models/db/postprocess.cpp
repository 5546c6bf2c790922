// From a probability map to text regions. Numeric types are those that NumPy uses in the original, since they
// decide how coordinates are rounded.
#include "models/db/postprocess.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "core/format.hpp"
#include "models/db/min_box.hpp"
#include "models/db/score.hpp"
#include "models/db/source_scale.hpp"
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

bool is_mmocr(BoxRule rule) { return rule == BoxRule::kMmocr || rule == BoxRule::kMmocr0x; }

// A box that PaddleOCR2Pytorch takes for outlines of fewer than 5 points: upright, and a pixel larger than
// the points' extent.
MinBox upright_box(const std::vector<cv::Point>& points) {
  const cv::Rect around = cv::boundingRect(points);
  const auto left = static_cast<float>(around.x);
  const auto top = static_cast<float>(around.y);
  const auto right = static_cast<float>(around.x + around.width);
  const auto bottom = static_cast<float>(around.y + around.height);
  MinBox box;
  box.corners = {cv::Point2f(left, top), cv::Point2f(right, top), cv::Point2f(right, bottom),
                 cv::Point2f(left, bottom)};
  box.short_side = std::min(around.width, around.height);
  return box;
}

// What PaddleOCR2Pytorch does with its boxes at the end: corners in another order, within the picture's last
// pixels, and no side of 3 pixels or less. False where the box is dropped.
bool tidy_paddle_box(std::vector<Point>& corners, cv::Size source) {
  const auto by_x = [](const Point& a, const Point& b) { return a.x < b.x; };
  const auto by_y = [](const Point& a, const Point& b) { return a.y < b.y; };
  std::stable_sort(corners.begin(), corners.end(), by_x);
  std::stable_sort(corners.begin(), corners.begin() + 2, by_y);
  std::stable_sort(corners.begin() + 2, corners.end(), by_y);
  corners = {corners[0], corners[2], corners[3], corners[1]};
  for (Point& corner : corners) {
    corner.x = std::clamp<double>(corner.x, 0, source.width - 1);
    corner.y = std::clamp<double>(corner.y, 0, source.height - 1);
  }
  const auto whole_distance = [](const Point& a, const Point& b) {
    return std::floor(std::hypot(a.x - b.x, a.y - b.y));
  };
  constexpr double kLeastSide = 3;
  return whole_distance(corners[0], corners[1]) > kLeastSide &&
         whole_distance(corners[0], corners[3]) > kLeastSide;
}

class RegionFinder {
 public:
  RegionFinder(const cv::Mat& map, MapContent content, cv::Size source, const TextPostprocess& parameters)
      : map_(map), source_(source), scale_(parameters.rule, content, source), parameters_(parameters) {}

  std::vector<TextRegion> find(RegionShape shape) const {
    std::vector<TextRegion> regions;
    for (const auto& contour : contours()) {
      TextRegion region;
      if (shape == RegionShape::kPolygons ? polygon(contour, region)
          : is_mmocr(parameters_.rule)    ? mmocr_quad(contour, region)
                                          : quad(contour, region)) {
        regions.push_back(std::move(region));
      }
    }
    return regions;
  }

 private:
  // These fill the region of an outline; false where it is rejected.

  bool quad(const std::vector<cv::Point>& contour, TextRegion& region) const {
    const bool paddle = parameters_.rule == BoxRule::kPaddle;
    if (paddle && contour.size() < 3) return false;
    const MinBox core = box_of(contour);
    if (core.short_side < parameters_.min_size) return false;
    const std::vector<cv::Point2f> corners(core.corners.begin(), core.corners.end());
    if (!score(contour, corners, region)) return false;
    std::vector<cv::Point> grown;
    for (const auto& piece : unclip(corners, parameters_.unclip_ratio)) {
      grown.insert(grown.end(), piece.begin(), piece.end());
    }
    if (grown.empty()) return false;
    const MinBox box = box_of(grown);
    if (box.short_side < parameters_.min_size + kGrownMargin) return false;
    for (const cv::Point2f& corner : box.corners) region.points.push_back(scale_.corner(corner));
    return !paddle || tidy_paddle_box(region.points, source_);
  }

  // The outline is simplified and grown before it becomes a rectangle, whose corners keep OpenCV's order.
  bool mmocr_quad(const std::vector<cv::Point>& contour, TextRegion& region) const {
    const std::vector<cv::Point> grown = grown_outline(contour, parameters_.unclip_ratio, region);
    if (grown.empty()) return false;
    const std::vector<cv::Point2f> points(grown.begin(), grown.end());
    const cv::RotatedRect box = cv::minAreaRect(points);
    const double side = std::min(box.size.width, box.size.height);
    const double least = parameters_.min_size + kGrownMargin;
    if (parameters_.rule == BoxRule::kMmocr ? side < least : side <= least) return false;
    std::array<cv::Point2f, 4> corners;
    box.points(corners.data());
    for (const cv::Point2f& corner : corners) region.points.push_back(scale_.corner(corner));
    return true;
  }

  bool polygon(const std::vector<cv::Point>& contour, TextRegion& region) const {
    const std::vector<cv::Point> grown = grown_outline(contour, parameters_.polygon_unclip_ratio, region);
    if (grown.empty()) return false;
    if (is_mmocr(parameters_.rule)) {
      if (grown.size() < 4) return false;
    } else if (box_of(grown).short_side < parameters_.min_size + kGrownMargin) {
      return false;
    }
    for (const cv::Point& point : grown) region.points.push_back(scale_.vertex(point));
    return true;
  }

  // The simplified outline, scored and grown; empty where it is rejected.
  std::vector<cv::Point> grown_outline(const std::vector<cv::Point>& contour, double ratio,
                                       TextRegion& region) const {
    std::vector<cv::Point> outline;
    cv::approxPolyDP(contour, outline, parameters_.polygon_epsilon * cv::arcLength(contour, true), true);
    if (outline.size() < 4 || !score(contour, outline, region)) return {};
    Contours pieces = unclip(outline, ratio);
    if (pieces.size() == 1) return std::move(pieces[0]);
    // NumPy makes one array of pieces that have equally many points: the two MMOCR take the first of them, or
    // all their points. Everybody rejects the other cases.
    const auto as_many = [&](const auto& piece) { return piece.size() == pieces[0].size(); };
    if (pieces.empty() || !is_mmocr(parameters_.rule) ||
        !std::all_of(pieces.begin(), pieces.end(), as_many)) {
      return {};
    }
    for (std::size_t i = 1; parameters_.rule == BoxRule::kMmocr0x && i < pieces.size(); ++i) {
      pieces[0].insert(pieces[0].end(), pieces[i].begin(), pieces[i].end());
    }
    return std::move(pieces[0]);
  }

  template <class Corner>
  bool score(const std::vector<cv::Point>& contour, const std::vector<Corner>& shape,
             TextRegion& region) const {
    const bool outline = parameters_.score_outline || parameters_.rule == BoxRule::kWenmuZhou;
    region.score = outline ? polygon_score(map_, contour) : polygon_score(map_, shape);
    // EasyOCR leaves out what has no score at all, even where everything may pass.
    if (parameters_.rule == BoxRule::kEasyOcr && !(region.score > 0)) return false;
    return region.score >= parameters_.box_thresh;
  }

  MinBox box_of(const std::vector<cv::Point>& points) const {
    return parameters_.rule == BoxRule::kPaddle && points.size() < 5 ? upright_box(points) : min_box(points);
  }

  // The outlines of all connected areas and of their holes in OpenCV's order, as many as the rule looks at.
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
    if (parameters_.dilate) cv::dilate(bitmap, bitmap, cv::Mat::ones(2, 2, CV_8U));
    Contours found;
    cv::findContours(bitmap, found, cv::RETR_LIST, cv::CHAIN_APPROX_SIMPLE);
    // MMOCR counts from 0 and stops above the limit.
    const std::size_t limit =
        static_cast<std::size_t>(parameters_.max_candidates) + (is_mmocr(parameters_.rule) ? 1 : 0);
    if (parameters_.max_candidates > 0 && found.size() > limit) found.resize(limit);
    return found;
  }

  cv::Mat map_;
  cv::Size source_;
  SourceScale scale_;
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
  check_range("max_candidates", p.max_candidates, 0, std::numeric_limits<int>::max());
  check_range("min_size", p.min_size, 0, 1 << 24);
  check_range("polygon_epsilon", p.polygon_epsilon, 0, 1);
}

std::vector<TextRegion> find_text_regions(std::span<const float> map, int map_height, int map_width,
                                          MapContent content, int source_height, int source_width,
                                          const TextPostprocess& parameters, RegionShape shape) {
  check_sizes(map.size(), map_height, map_width, source_height, source_width);
  check_postprocess(parameters);
  return guard_opencv("find text regions", [&] {
    return RegionFinder(finite_map(map, map_height, map_width), content,
                        cv::Size(source_width, source_height), parameters)
        .find(shape);
  });
}

}  // namespace models

std::vector<TextRegion> find_text_regions(std::span<const float> map, int map_height, int map_width,
                                          int source_height, int source_width,
                                          const TextPostprocess& parameters, RegionShape shape) {
  const models::MapContent all{static_cast<double>(map_width), static_cast<double>(map_height)};
  return models::find_text_regions(map, map_height, map_width, all, source_height, source_width, parameters,
                                   shape);
}

}  // namespace pliant

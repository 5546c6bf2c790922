#include "models/db/unclip.hpp"

#include <clipper.hpp>
#include <cmath>

namespace pliant::models {
namespace {

struct Measure {
  double area = 0;
  double perimeter = 0;
};

// Shoelace formula. The sum is taken relative to the first point's x, each term being x * (previous y - next
// y), which is the order of additions in GEOS: the last bit of the distance can decide how Clipper rounds.
template <class Point>
Measure measure(const std::vector<Point>& polygon) {
  Measure result;
  const std::size_t n = polygon.size();
  const auto x = [&](std::size_t i) { return static_cast<double>(polygon[i % n].x); };
  const auto y = [&](std::size_t i) { return static_cast<double>(polygon[i % n].y); };
  double sum = 0;
  for (std::size_t i = 1; i < n; ++i) {
    sum += (x(i) - x(0)) * (y(i - 1) - y(i + 1));
  }
  result.area = std::fabs(sum / 2);
  for (std::size_t i = 0; i < n; ++i) {
    const double dx = x(i + 1) - x(i);
    const double dy = y(i + 1) - y(i);
    result.perimeter += std::sqrt(dx * dx + dy * dy);
  }
  return result;
}

constexpr double kMiterLimit = 2.0;     // not used by round corners
constexpr double kArcTolerance = 0.25;  // pixels

}  // namespace

template <class Point>
std::vector<std::vector<cv::Point>> unclip(const std::vector<Point>& polygon, double ratio) {
  const Measure size = measure(polygon);
  if (!(size.perimeter > 0)) {
    return {};
  }
  ClipperLib::Path path;
  path.reserve(polygon.size());
  for (const Point& point : polygon) {
    path.emplace_back(static_cast<ClipperLib::cInt>(point.x), static_cast<ClipperLib::cInt>(point.y));
  }
  ClipperLib::ClipperOffset offset(kMiterLimit, kArcTolerance);
  offset.AddPath(path, ClipperLib::jtRound, ClipperLib::etClosedPolygon);
  ClipperLib::Paths grown;
  offset.Execute(grown, size.area * ratio / size.perimeter);

  std::vector<std::vector<cv::Point>> pieces;
  pieces.reserve(grown.size());
  for (const ClipperLib::Path& piece : grown) {
    std::vector<cv::Point>& points = pieces.emplace_back();
    points.reserve(piece.size());
    for (const ClipperLib::IntPoint& point : piece) {
      points.emplace_back(static_cast<int>(point.X), static_cast<int>(point.Y));
    }
  }
  return pieces;
}

template std::vector<std::vector<cv::Point>> unclip(const std::vector<cv::Point>& polygon, double ratio);
template std::vector<std::vector<cv::Point>> unclip(const std::vector<cv::Point2f>& polygon, double ratio);

}  // namespace pliant::models

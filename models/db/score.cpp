#include "models/db/score.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace pliant::models {

template <class Point>
double polygon_score(const cv::Mat& map, const std::vector<Point>& polygon) {
  double left = polygon[0].x;
  double right = left;
  double top = polygon[0].y;
  double bottom = top;
  for (const Point& point : polygon) {
    left = std::min<double>(left, point.x);
    right = std::max<double>(right, point.x);
    top = std::min<double>(top, point.y);
    bottom = std::max<double>(bottom, point.y);
  }
  const auto inside = [](double value, int size) {
    return static_cast<int>(std::clamp(value, 0.0, size - 1.0));
  };
  const int x0 = inside(std::floor(left), map.cols);
  const int x1 = inside(std::ceil(right), map.cols);
  const int y0 = inside(std::floor(top), map.rows);
  const int y1 = inside(std::ceil(bottom), map.rows);

  // The subtraction is done in the points' own type (float32 for rectangles), then truncated.
  using Number = decltype(Point::x);
  std::vector<cv::Point> shifted;
  shifted.reserve(polygon.size());
  for (const Point& point : polygon) {
    shifted.emplace_back(static_cast<int>(point.x - static_cast<Number>(x0)),
                         static_cast<int>(point.y - static_cast<Number>(y0)));
  }
  cv::Mat mask = cv::Mat::zeros(y1 - y0 + 1, x1 - x0 + 1, CV_8U);
  const std::vector<std::vector<cv::Point>> polygons{std::move(shifted)};
  cv::fillPoly(mask, polygons, cv::Scalar(1));
  return cv::mean(map(cv::Range(y0, y1 + 1), cv::Range(x0, x1 + 1)), mask)[0];
}

template double polygon_score(const cv::Mat& map, const std::vector<cv::Point>& polygon);
template double polygon_score(const cv::Mat& map, const std::vector<cv::Point2f>& polygon);

}  // namespace pliant::models

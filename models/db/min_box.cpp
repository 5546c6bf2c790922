#include "models/db/min_box.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace pliant::models {

MinBox min_box(const std::vector<cv::Point>& points) {
  const cv::RotatedRect rectangle = cv::minAreaRect(points);
  std::array<cv::Point2f, 4> corners;
  rectangle.points(corners.data());
  // Equal x keep OpenCV's order, as Python's sort does.
  std::stable_sort(corners.begin(), corners.end(),
                   [](const cv::Point2f& a, const cv::Point2f& b) { return a.x < b.x; });
  // The two on the left, then the two on the right; of equal y the second counts as the upper one.
  const bool left_in_order = corners[1].y > corners[0].y;
  const bool right_in_order = corners[3].y > corners[2].y;
  MinBox box;
  box.corners = {corners[left_in_order ? 0 : 1], corners[right_in_order ? 2 : 3],
                 corners[right_in_order ? 3 : 2], corners[left_in_order ? 1 : 0]};
  box.short_side = std::min(rectangle.size.width, rectangle.size.height);
  return box;
}

}  // namespace pliant::models

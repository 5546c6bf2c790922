// The smallest rectangle around points.
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <vector>

namespace pliant::models {

struct MinBox {
  std::array<cv::Point2f, 4> corners;  ///< upper left, upper right, lower right, lower left
  double short_side = 0;               ///< pixels
};

/// OpenCV's minimum-area rectangle of at least one point, its corners in reading order.
MinBox min_box(const std::vector<cv::Point>& points);

}  // namespace pliant::models

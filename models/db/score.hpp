// How sure the network is inside a polygon.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace pliant::models {

/// Mean of `map` (CV_32F) over the pixels of the polygon, its points truncated to integers relative to the
/// corner of their bounding box, the border included. The box is cut at the map's edges.
template <class Point>
double polygon_score(const cv::Mat& map, const std::vector<Point>& polygon);

}  // namespace pliant::models

// The network marks the core of a text; unclipping grows it back to the whole.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace pliant::models {

/// Moves a polygon's edges outwards by area * ratio / perimeter, with round corners (Vatti clipping, formula
/// 10 of the DB paper). Clipper gets the points truncated to integers; area and perimeter are those of the
/// points as they are. Returns the pieces of the result, none where nothing is left.
template <class Point>
std::vector<std::vector<cv::Point>> unclip(const std::vector<Point>& polygon, double ratio);

}  // namespace pliant::models

// From the probability map's pixels to those of the picture.
#pragma once

#include <opencv2/core.hpp>

#include "pliant/text_detector.hpp"

namespace pliant::models {

/// Which part of the map shows the picture, from the upper left corner; less than the map where the picture
/// was padded. Pixels of the map, with fractions where the map is smaller than the network's input.
struct MapContent {
  double width = 0;
  double height = 0;
};

/// How a rule scales coordinates and rounds them. Number types are those of the originals, since they decide
/// the last bit and so the rounding.
class SourceScale {
 public:
  SourceScale(BoxRule rule, MapContent content, cv::Size source)
      : rule_(rule), content_(content), source_(source) {}

  /// A corner of a rectangle: float32 arithmetic, but for MMOCR.
  Point corner(cv::Point2f point) const {
    return {along<float>(point.x, content_.width, source_.width),
            along<float>(point.y, content_.height, source_.height)};
  }
  /// A point of a polygon: double arithmetic.
  Point vertex(cv::Point point) const {
    return {along<double>(point.x, content_.width, source_.width),
            along<double>(point.y, content_.height, source_.height)};
  }

 private:
  template <class Real>
  double along(Real value, double content, int source) const;

  BoxRule rule_;
  MapContent content_;
  cv::Size source_;
};

}  // namespace pliant::models

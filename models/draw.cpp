// Text regions drawn over a picture.
#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "models/opencv_guard.hpp"
#include "pliant/text_detector.hpp"

namespace pliant {
namespace {

// Colours that stay apart on paper, on stone and in the street; BGR. Neighbours in the list take turns.
const std::array<cv::Scalar, 6> kPalette{cv::Scalar(60, 60, 225),  cv::Scalar(205, 120, 20),
                                         cv::Scalar(50, 150, 30),  cv::Scalar(170, 40, 150),
                                         cv::Scalar(10, 115, 235), cv::Scalar(150, 140, 0)};
constexpr double kFill = 0.16;  // share of the colour inside a region
constexpr int kFractionBits = 4;

struct Style {
  int line = 1;       // pixels
  double font = 0.3;  // OpenCV's scale
  int text_line = 1;  // pixels
  int padding = 2;    // pixels around a label's number

  // Lines of about a 500th of the picture's size, so that an overlay looks the same whatever it is scaled to.
  explicit Style(const cv::Size& size) {
    const double unit = std::sqrt(static_cast<double>(size.width) * size.height) / 1000;
    line = std::clamp(static_cast<int>(std::lround(unit * 2)), 1, 40);
    font = std::clamp(unit * 0.45, 0.3, 9.0);
    text_line = std::max(1, static_cast<int>(std::lround(font * 1.6)));
    padding = std::max(2, static_cast<int>(std::lround(font * 7)));
  }
};

// With a fraction, for lines without jagged edges. Clamped, so that wild coordinates cannot overflow.
cv::Point fine_point(const Point& point) {
  const auto fine = [](double value) {
    const double inside = std::isfinite(value) ? std::clamp(value, -1e6, 1e6) : 0;
    return static_cast<int>(std::lround(inside * (1 << kFractionBits)));
  };
  return {fine(point.x), fine(point.y)};
}

cv::Point whole(const cv::Point& fine) { return {fine.x >> kFractionBits, fine.y >> kFractionBits}; }

void fill(cv::Mat& picture, const std::vector<cv::Point>& outline, const cv::Scalar& color) {
  std::vector<cv::Point> pixels(outline.size());
  std::transform(outline.begin(), outline.end(), pixels.begin(), whole);
  const cv::Rect box = cv::boundingRect(pixels) & cv::Rect(0, 0, picture.cols, picture.rows);
  if (box.empty()) {
    return;
  }
  cv::Mat part = picture(box);
  cv::Mat tinted = part.clone();
  std::vector<std::vector<cv::Point>> shifted{outline};
  for (cv::Point& point : shifted[0]) {
    point -= box.tl() * (1 << kFractionBits);
  }
  cv::fillPoly(tinted, shifted, color, cv::LINE_AA, kFractionBits);
  cv::addWeighted(tinted, kFill, part, 1 - kFill, 0, part);
}

// The number on a plate of the region's colour, at the first corner, pushed inside the picture.
void label(cv::Mat& picture, const std::vector<cv::Point>& outline, std::size_t number,
           const cv::Scalar& color, const Style& style) {
  const std::string text = std::to_string(number);
  constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
  int below = 0;
  const cv::Size size = cv::getTextSize(text, kFont, style.font, style.text_line, &below);
  const cv::Size plate(size.width + 2 * style.padding, size.height + 2 * style.padding);
  const cv::Point corner = whole(outline[0]);
  const int left = std::clamp(corner.x, 0, std::max(0, picture.cols - plate.width));
  const int top = std::clamp(corner.y - plate.height, 0, std::max(0, picture.rows - plate.height));
  cv::rectangle(picture, cv::Rect(left, top, plate.width, plate.height), color, cv::FILLED);
  cv::putText(picture, text, cv::Point(left + style.padding, top + style.padding + size.height), kFont,
              style.font, cv::Scalar::all(255), style.text_line, cv::LINE_AA);
}

}  // namespace

void draw_text_regions(Image& image, std::span<const TextRegion> regions) {
  if (image.width < 1 || image.height < 1 ||
      image.pixels.size() !=
          static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3) {
    throw Error(ErrorCode::kInvalidArgument, "draw text regions: the picture has not 3 bytes a pixel");
  }
  models::guard_opencv("draw text regions", [&] {
    cv::Mat picture(image.height, image.width, CV_8UC3, image.pixels.data());
    const Style style(picture.size());
    std::vector<std::vector<cv::Point>> outlines(regions.size());
    for (std::size_t i = 0; i < regions.size(); ++i) {
      std::transform(regions[i].points.begin(), regions[i].points.end(), std::back_inserter(outlines[i]),
                     fine_point);
    }
    // All fills first and all labels last, so that no region hides another one's number.
    const auto each = [&](const auto& paint) {
      for (std::size_t i = 0; i < outlines.size(); ++i) {
        if (!outlines[i].empty()) {
          paint(i, kPalette[i % kPalette.size()]);
        }
      }
    };
    each([&](std::size_t i, const cv::Scalar& color) { fill(picture, outlines[i], color); });
    each([&](std::size_t i, const cv::Scalar& color) {
      cv::polylines(picture, outlines[i], true, color, style.line, cv::LINE_AA, kFractionBits);
    });
    each([&](std::size_t i, const cv::Scalar& color) { label(picture, outlines[i], i + 1, color, style); });
  });
}

}  // namespace pliant

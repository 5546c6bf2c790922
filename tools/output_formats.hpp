// Text regions as text: the formats of `pliant detect` and `pliant boxes`. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pliant/text_detector.hpp"

namespace pliant::tools {

enum class Format {
  kJson,   ///< one document
  kJsonl,  ///< one JSON object a line, one line a picture
  kIcdar,  ///< x1,y1,x2,y2,...,score a region, one file a picture
  kTsv,    ///< a table with a header, one line a region
};

/// The words of --format, in the enum's order.
const std::vector<std::string>& format_names();

/// What one picture took, in milliseconds.
struct PictureTimes {
  double decode_ms = 0;
  DetectTimes detect;
};

struct PictureResult {
  std::string picture;  ///< as the user named it; any bytes
  int width = 0;        ///< of the picture, pixels
  int height = 0;
  std::vector<TextRegion> regions;
  std::optional<PictureTimes> times;
};

/// One line without a newline.
std::string to_json_line(const PictureResult& result);

/// The same object with one region a line, each line after the first indented by `indent` spaces.
std::string to_json_lines(const PictureResult& result, int indent);

/// One line a region. Coordinates are cut to whole pixels.
std::string to_icdar(const PictureResult& result);

std::string tsv_header();
/// One line a region.
std::string to_tsv(const PictureResult& result);

}  // namespace pliant::tools

#include "tools/output_formats.hpp"

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/format.hpp"
#include "tools/numbers.hpp"

namespace pliant::tools {
namespace {

using Json = nlohmann::ordered_json;

// File names may hold any bytes; JSON may not: what is not UTF-8 becomes U+FFFD.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Coordinates are whole numbers for quads; 12 reads better than 12.0.
Json number(double value) {
  if (value == std::trunc(value) && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

double rounded(double milliseconds) { return std::round(milliseconds * 1000) / 1000; }

Json region_json(const TextRegion& region) {
  Json points = Json::array();
  for (const Point& point : region.points) points.push_back({number(point.x), number(point.y)});
  return {{"points", std::move(points)}, {"score", region.score}};
}

Json times_json(const PictureTimes& times) {
  return {{"decode", rounded(times.decode_ms)},
          {"preprocess", rounded(times.detect.preprocess_ms)},
          {"network", rounded(times.detect.network_ms)},
          {"postprocess", rounded(times.detect.postprocess_ms)}};
}

// A cell must keep its row and column.
std::string tsv_cell(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    switch (c) {
      case '\t':
        cell += "\\t";
        break;
      case '\n':
        cell += "\\n";
        break;
      case '\r':
        cell += "\\r";
        break;
      case '\\':
        cell += "\\\\";
        break;
      default:
        cell += c;
    }
  }
  return cell;
}

}  // namespace

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names = {"json", "jsonl", "icdar", "tsv"};
  return names;
}

std::string to_json_line(const PictureResult& result) {
  Json regions = Json::array();
  for (const TextRegion& region : result.regions) regions.push_back(region_json(region));
  Json json = {{"picture", result.picture},
               {"width", result.width},
               {"height", result.height},
               {"regions", std::move(regions)}};
  if (result.times) json["times_ms"] = times_json(*result.times);
  return dump(json);
}

std::string to_json_lines(const PictureResult& result, int indent) {
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  std::string text = core::message("{\"picture\": ", dump(result.picture), ", \"width\": ", result.width,
                                   ", \"height\": ", result.height, ",\n", margin, " \"regions\": [");
  for (std::size_t i = 0; i < result.regions.size(); ++i) {
    text += core::message(i == 0 ? "\n" : ",\n", margin, "  ", dump(region_json(result.regions[i])));
  }
  text += "]";
  if (result.times) text += core::message(",\n", margin, " \"times_ms\": ", dump(times_json(*result.times)));
  return text + "}";
}

std::string to_icdar(const PictureResult& result) {
  std::string text;
  for (const TextRegion& region : result.regions) {
    for (const Point& point : region.points) {
      text += core::message(static_cast<std::int64_t>(point.x), ",", static_cast<std::int64_t>(point.y), ",");
    }
    text += shortest(region.score) + "\n";
  }
  return text;
}

std::string tsv_header() { return "picture\twidth\theight\tregion\tscore\tpoints\n"; }

std::string to_tsv(const PictureResult& result) {
  std::string text;
  std::size_t number = 0;
  for (const TextRegion& region : result.regions) {
    text += core::message(tsv_cell(result.picture), "\t", result.width, "\t", result.height, "\t", ++number,
                          "\t", shortest(region.score), "\t");
    for (std::size_t i = 0; i < region.points.size(); ++i) {
      if (i > 0) text += ' ';
      text += shortest(region.points[i].x) + "," + shortest(region.points[i].y);
    }
    text += '\n';
  }
  return text;
}

}  // namespace pliant::tools

// Probability maps and parameters of any kind to text regions, and those drawn over a picture.
#include <cmath>
#include <limits>

#include "pliant/text_detector.hpp"
#include "tests/fuzz/byte_reader.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/try_model.hpp"

namespace pliant::fuzz {
namespace {

using test::promise;

float probability(std::uint8_t code) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  constexpr float kRare[] = {kNaN, kInfinity, -kInfinity, 3.4e38F, -3.4e38F, 1e-45F, -0.0F, 0.3F};
  return code >= 248 ? kRare[code - 248] : static_cast<float>(code) / 247.0F;
}

double any_number(ByteReader& in, double usual) {
  switch (in.number(0, 5)) {
    case 0:
      return in.raw<double>();
    case 1:
      return in.byte() / 64.0;
    case 2:
      return in.byte() * 0.4;
    default:
      return usual;
  }
}

TextPostprocess parameters(ByteReader& in) {
  TextPostprocess p;
  p.thresh = any_number(in, p.thresh);
  p.box_thresh = any_number(in, 0.1);
  p.unclip_ratio = any_number(in, p.unclip_ratio);
  p.polygon_unclip_ratio = any_number(in, p.polygon_unclip_ratio);
  p.max_candidates = in.flag() ? 1000 : in.raw<std::int16_t>();
  p.min_size = any_number(in, 1);
  p.polygon_epsilon = any_number(in, p.polygon_epsilon);
  const std::uint8_t kinds = in.byte();
  p.rule = static_cast<BoxRule>(kinds % 6);
  p.dilate = (kinds & 0x40U) != 0;
  p.score_outline = (kinds & 0x80U) != 0;
  return p;
}

int source_size(ByteReader& in, int map_size) {
  switch (in.number(0, 4)) {
    case 0:
      return in.raw<std::int32_t>();
    case 1:
      return in.byte();
    default:
      return map_size;
  }
}

// Runs of equal values, so that few bytes make areas; then single pixels.
std::vector<float> read_map(ByteReader& in, int height, int width) {
  std::vector<float> map(static_cast<std::size_t>(height) * static_cast<std::size_t>(width));
  const int rectangles = in.number(0, 12);
  for (int i = 0; i < rectangles; ++i) {
    const int y = in.byte() % height;
    const int x = in.byte() % width;
    const int h = in.number(1, 64);
    const int w = in.number(1, 64);
    const float value = probability(in.byte());
    for (int v = y; v < std::min(height, y + h); ++v)
      for (int u = x; u < std::min(width, x + w); ++u)
        map[static_cast<std::size_t>(v) * static_cast<std::size_t>(width) + static_cast<std::size_t>(u)] =
            value;
  }
  for (float& value : map) {
    if (in.empty()) break;
    const std::uint8_t code = in.byte();
    if (code != 0) value = probability(code);
  }
  return map;
}

void check_regions(const std::vector<TextRegion>& regions, int height, int width, RegionShape shape,
                   BoxRule rule) {
  const bool clipped = rule != BoxRule::kMmocr && rule != BoxRule::kMmocr0x;
  for (const TextRegion& region : regions) {
    promise(shape == RegionShape::kQuads ? region.points.size() == 4 : region.points.size() >= 3,
            "a region of ", region.points.size(), " points");
    promise(std::isfinite(region.score), "a score of ", region.score);
    for (const Point& point : region.points)
      promise(std::isfinite(point.x) && std::isfinite(point.y), "a point that is none");
    for (const Point& point : region.points)
      promise(!clipped || (point.x >= 0 && point.x <= width && point.y >= 0 && point.y <= height),
              "a point at ", point.x, ",", point.y, " of a picture of ", width, "x", height);
  }
}

void draw(const std::vector<TextRegion>& regions, ByteReader& in) {
  Image image{in.number(1, 40), in.number(1, 40), {}};
  image.pixels.resize(static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3);
  draw_text_regions(image, regions);
}

// Regions that find_text_regions never makes, but its caller may.
TextRegion any_region(ByteReader& in) {
  TextRegion region;
  for (int i = in.number(0, 5); i > 0; --i)
    region.points.push_back({any_number(in, 3), any_number(in, in.byte())});
  return region;
}

}  // namespace

void run_one(std::span<const std::byte> input) {
  ByteReader in(input);
  const TextPostprocess p = parameters(in);
  const RegionShape shape = in.flag() ? RegionShape::kQuads : RegionShape::kPolygons;
  const int height = in.number(1, 96);
  const int width = in.number(1, 96);
  const int source_height = source_size(in, height);
  const int source_width = source_size(in, width);
  std::vector<TextRegion> others;
  for (int i = in.number(0, 2); i > 0; --i) others.push_back(any_region(in));
  try {
    draw(others, in);
    const std::vector<float> map = read_map(in, height, width);
    const auto regions = find_text_regions(map, height, width, source_height, source_width, p, shape);
    check_regions(regions, source_height, source_width, shape, p.rule);
    draw(regions, in);
  } catch (const Error& error) {
    test::check_error(error);
    promise(error.code() == ErrorCode::kInvalidArgument, "another error than of arguments: ", error.what());
  }
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> result;
  for (unsigned kind = 0; kind < 24; ++kind) {
    Bytes bytes;
    const auto put = [&](std::initializer_list<unsigned> values) {
      for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
    };
    put({5, 5, 5, 5, 1, 5, 5});                              // the usual parameters
    put({kind / 4 + (kind & 2U) * 30 + (kind & 1U) * 120});  // rule, dilate, score_outline
    put({kind & 1U, 60, 80, 2, 2, 0, 20, 20});  // shape, size of the map, the source as large, no others
    put({3, 5, 5, 10, 30, 220, 30, 20, 12, 40, 180});   // two rectangles ...
    put({50, 70, 40, 40, kind % 4 < 2 ? 130U : 248U});  // ... and one that touches the edge
    for (unsigned i = 0; kind % 4 >= 2 && i < 600; ++i) put({(i * i + i / 7 * 31) % 256});
    result.push_back(std::move(bytes));
  }
  return result;
}

}  // namespace pliant::fuzz

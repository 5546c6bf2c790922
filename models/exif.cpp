#include "models/exif.hpp"

#include <cstddef>
#include <utility>

namespace pliant::models {

int exif_orientation(Bytes tiff) noexcept {
  const bool little = matches(tiff, 0, "II*\0");
  if (!little && !matches(tiff, 0, "MM\0*")) {
    return 1;
  }
  const auto u16 = [&](std::size_t at) { return little ? u16_le(tiff, at) : u16_be(tiff, at); };
  const auto u32 = [&](std::size_t at) { return little ? u32_le(tiff, at) : u32_be(tiff, at); };
  if (!has_bytes(tiff, 4, 4)) {
    return 1;
  }
  const std::size_t directory = u32(4);
  if (!has_bytes(tiff, directory, 2)) {
    return 1;
  }
  constexpr std::size_t kEntryBytes = 12;
  constexpr std::uint32_t kOrientation = 0x0112;
  constexpr std::uint32_t kShort = 3;
  constexpr std::uint32_t kLong = 4;
  const std::size_t entries = u16(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (!has_bytes(tiff, entry, kEntryBytes)) {
      return 1;
    }
    if (u16(entry) != kOrientation) {
      continue;
    }
    const std::uint32_t type = u16(entry + 2);
    const std::uint32_t value = type == kShort ? u16(entry + 8) : type == kLong ? u32(entry + 8) : 1;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

void apply_orientation(Image& image, int orientation) {
  if (orientation <= 1 || orientation > 8) {
    return;
  }
  const bool transposed = orientation >= 5;
  // Where the upright picture's (x, y) lies in the stored one: mirrored along stored x or y, or not.
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const auto stored_width = static_cast<std::size_t>(image.width);
  const auto stored_height = static_cast<std::size_t>(image.height);
  const std::size_t width = transposed ? stored_height : stored_width;
  const std::size_t height = transposed ? stored_width : stored_height;

  std::vector<std::uint8_t> upright(image.pixels.size());
  std::uint8_t* to = upright.data();
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      std::size_t from_x = transposed ? y : x;
      std::size_t from_y = transposed ? x : y;
      from_x = mirror_x ? stored_width - 1 - from_x : from_x;
      from_y = mirror_y ? stored_height - 1 - from_y : from_y;
      const std::uint8_t* from = image.pixels.data() + (from_y * stored_width + from_x) * 3;
      *to++ = from[0];
      *to++ = from[1];
      *to++ = from[2];
    }
  }
  image.pixels = std::move(upright);
  image.width = static_cast<int>(width);
  image.height = static_cast<int>(height);
}

}  // namespace pliant::models

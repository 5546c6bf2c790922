// BMP: 1, 4 and 8 bits with a palette (also run-length coded), 16 bits (5-5-5 and 5-6-5), 24 and 32 bits.
// Pixels as OpenCV's imread gives them, which shifts 5 and 6 bits up to 8 without filling the lower ones; no
// other decoder at hand does the same. (OpenCV 4.6 ignores the channel masks of 32-bit files; that defect is
// not copied.)
#include <algorithm>
#include <array>
#include <bit>

#include "core/format.hpp"
#include "models/picture_formats.hpp"

namespace pliant::models {
namespace {

using Color = std::array<std::uint8_t, 3>;  // BGR

enum Compression : std::uint32_t { kNone = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3 };

struct BmpLayout {
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  bool top_down = false;
  std::uint32_t bits = 0;
  std::uint32_t compression = kNone;
  std::array<std::uint32_t, 3> masks{};  // BGR; of 16 and 32 bits
  std::size_t palette = 0;               // offset
  std::size_t palette_entry = 4;         // bytes
  std::size_t data = 0;                  // offset of the pixels

  std::uint64_t packed_row_bytes() const { return (width * bits + 7) / 8; }
  std::uint64_t row_stride() const {
    return (width * bits + 31) / 32 * 4;
  }  // rows end at multiples of 4 bytes
};

void check_masks(const BmpLayout& layout) {
  if (layout.bits == 16) {
    const auto& m = layout.masks;
    if (m[0] != 0x1F || !((m[1] == 0x3E0 && m[2] == 0x7C00) || (m[1] == 0x7E0 && m[2] == 0xF800))) {
      fail("its 16-bit BMP pixels are neither 5-5-5 nor 5-6-5; save it with 24 bits");
    }
    return;
  }
  for (const std::uint32_t mask : layout.masks) {
    const int shift = std::countr_zero(mask);
    if (mask == 0 || shift % 8 != 0 || mask >> shift != 0xFF) {
      fail("its 32-bit BMP pixels do not have 8 bits a channel; save it with 24 bits");
    }
  }
}

void check_coding(const BmpLayout& layout) {
  const std::uint32_t b = layout.bits;
  const std::uint32_t c = layout.compression;
  const bool known = (c == kNone && (b == 1 || b == 4 || b == 8 || b == 16 || b == 24 || b == 32)) ||
                     (c == kRle8 && b == 8) || (c == kRle4 && b == 4) ||
                     (c == kBitFields && (b == 16 || b == 32));
  if (!known) {
    fail(core::message("it is a BMP file with ", b, " bits a pixel and compression ", c,
                       ", which is not supported; save it with 24 bits, uncompressed"));
  }
  if (layout.top_down && (c == kRle8 || c == kRle4)) {
    fail("its BMP header is damaged: run-length coded rows cannot go from top to bottom");
  }
}

BmpLayout read_layout(Bytes file) {
  constexpr std::size_t kFileHeader = 14;
  if (!has_bytes(file, 0, kFileHeader + 12)) {
    fail("the file is cut off inside its BMP header");
  }
  BmpLayout layout;
  const std::size_t header = u32_le(file, kFileHeader);
  const bool old = header == 12;  // OS/2
  if ((!old && header < 36) || !has_bytes(file, kFileHeader, header)) {
    fail("its BMP header is damaged or cut off");
  }
  if (old) {
    layout.width = u16_le(file, 18);
    layout.height = u16_le(file, 20);
    layout.bits = u16_le(file, 24);
    layout.palette_entry = 3;
  } else {
    const auto width = static_cast<std::int32_t>(u32_le(file, 18));
    const std::int64_t height = static_cast<std::int32_t>(u32_le(file, 22));
    if (width < 0) {
      fail(core::message("its BMP header has the width ", width));
    }
    layout.width = static_cast<std::uint64_t>(width);
    layout.top_down = height < 0;
    layout.height = static_cast<std::uint64_t>(height < 0 ? -height : height);
    layout.bits = u16_le(file, 28);
    layout.compression = u32_le(file, 30);
  }
  layout.palette = kFileHeader + header;
  layout.data = u32_le(file, 10);
  check_coding(layout);
  if (layout.bits == 16) {
    layout.masks = {0x1F, 0x3E0, 0x7C00};
  } else if (layout.bits == 32) {
    layout.masks = {0xFF, 0xFF00, 0xFF0000};
  }
  if (layout.compression == kBitFields) {
    constexpr std::size_t kMasks = kFileHeader + 40;  // inside the header, or right behind a short one
    if (header < 40 || !has_bytes(file, kMasks, 12)) {
      fail("the file is cut off inside its BMP header");
    }
    layout.masks = {u32_le(file, kMasks + 8), u32_le(file, kMasks + 4), u32_le(file, kMasks)};
    check_masks(layout);
  }
  if (layout.data < layout.palette || layout.data > file.size()) {
    fail("its BMP header is damaged: the pixels cannot be where it says");
  }
  return layout;
}

// Entries that the file does not have are black.
std::array<Color, 256> read_palette(Bytes file, const BmpLayout& layout) {
  std::array<Color, 256> palette{};
  const std::size_t count = std::min((layout.data - layout.palette) / layout.palette_entry,
                                     std::size_t{1} << std::min(layout.bits, 8U));
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      palette[i][c] = static_cast<std::uint8_t>(byte_at(file, layout.palette + i * layout.palette_entry + c));
    }
  }
  return palette;
}

// Rows of a picture, written in the order of the file.
class Canvas {
 public:
  Canvas(Image& image, bool top_down) : image_(image), top_down_(top_down) {}
  void put(std::uint64_t x, std::uint64_t file_row, const Color& color) {
    const auto height = static_cast<std::uint64_t>(image_.height);
    const std::uint64_t y = top_down_ ? file_row : height - 1 - file_row;
    const std::uint64_t at = (y * static_cast<std::uint64_t>(image_.width) + x) * 3;
    std::copy(color.begin(), color.end(), image_.pixels.begin() + static_cast<std::ptrdiff_t>(at));
  }

 private:
  Image& image_;
  bool top_down_;
};

Color wide_color(std::uint32_t value, const BmpLayout& layout) {
  Color color{};
  for (std::size_t c = 0; c < 3; ++c) {
    const std::uint32_t mask = layout.masks[c];
    const int below = std::countr_zero(mask);
    const int width = std::popcount(mask);
    color[c] = static_cast<std::uint8_t>(((value & mask) >> below) << (8 - width));
  }
  return color;
}

void read_rows(Bytes file, const BmpLayout& layout, const std::array<Color, 256>& palette, Canvas& canvas) {
  for (std::uint64_t row = 0; row < layout.height; ++row) {
    const std::size_t begin = layout.data + row * layout.row_stride();
    for (std::uint64_t x = 0; x < layout.width; ++x) {
      switch (layout.bits) {
        case 1:
          canvas.put(x, row, palette[(byte_at(file, begin + x / 8) >> (7 - x % 8)) & 1U]);
          break;
        case 4:
          canvas.put(x, row, palette[(byte_at(file, begin + x / 2) >> (x % 2 == 0 ? 4 : 0)) & 15U]);
          break;
        case 8:
          canvas.put(x, row, palette[byte_at(file, begin + x)]);
          break;
        case 16:
          canvas.put(x, row, wide_color(u16_le(file, begin + x * 2), layout));
          break;
        case 24: {
          const std::size_t at = begin + x * 3;
          canvas.put(
              x, row,
              {static_cast<std::uint8_t>(byte_at(file, at)), static_cast<std::uint8_t>(byte_at(file, at + 1)),
               static_cast<std::uint8_t>(byte_at(file, at + 2))});
          break;
        }
        default:
          canvas.put(x, row, wide_color(u32_le(file, begin + x * 4), layout));
      }
    }
  }
}

// Run-length codes: (count, value) repeats; (0, 0) ends a row; (0, 1) ends the picture; (0, 2) skips; (0, n)
// copies n literal values, padded to an even number of bytes. Pixels that no code touches have the palette's
// first colour. Walks the codes alone where `canvas` is null, so that a file can be checked before its
// picture is allocated.
void read_runs(Bytes file, const BmpLayout& layout, const std::array<Color, 256>& palette, Canvas* canvas) {
  const bool nibbles = layout.bits == 4;
  std::uint64_t x = 0;
  std::uint64_t row = 0;
  std::size_t at = layout.data;
  const auto put = [&](std::uint32_t value) {
    if (row >= layout.height || x >= layout.width) {
      fail("its run-length coded BMP data leaves the picture");
    }
    if (canvas != nullptr) {
      canvas->put(x, row, palette[value]);
    }
    ++x;
  };
  while (row < layout.height) {
    if (!has_bytes(file, at, 2)) {
      fail("the file is cut off inside its BMP data");
    }
    const std::uint32_t count = byte_at(file, at);
    const std::uint32_t value = byte_at(file, at + 1);
    at += 2;
    if (count > 0) {
      for (std::uint32_t i = 0; i < count; ++i) {
        put(nibbles ? (i % 2 == 0 ? value >> 4 : value & 15U) : value);
      }
    } else if (value == 0) {
      x = 0;
      ++row;
    } else if (value == 1) {
      return;
    } else if (value == 2) {
      if (!has_bytes(file, at, 2)) {
        fail("the file is cut off inside its BMP data");
      }
      x += byte_at(file, at);
      row += byte_at(file, at + 1);
      at += 2;
    } else {
      const std::size_t bytes = nibbles ? (value + 1) / 2 : value;
      if (!has_bytes(file, at, bytes)) {
        fail("the file is cut off inside its BMP data");
      }
      for (std::uint32_t i = 0; i < value; ++i) {
        const std::uint32_t b = byte_at(file, at + (nibbles ? i / 2 : i));
        put(nibbles ? (i % 2 == 0 ? b >> 4 : b & 15U) : b);
      }
      at += bytes + bytes % 2;
    }
  }
}

bool is_run_length_coded(const BmpLayout& layout) {
  return layout.compression == kRle8 || layout.compression == kRle4;
}

}  // namespace

PictureHeader inspect_bmp(Bytes file) {
  const BmpLayout layout = read_layout(file);
  if (is_run_length_coded(layout)) {
    read_runs(file, layout, {}, nullptr);
  } else if (layout.width != 0 && layout.height != 0) {
    // The last row may lack its padding.
    const std::uint64_t available = file.size() - layout.data;
    if (available < layout.packed_row_bytes() ||
        (available - layout.packed_row_bytes()) / layout.row_stride() < layout.height - 1) {
      fail(core::message("the file is cut off: ", layout.height, " rows of ", layout.row_stride(),
                         " bytes expected, ", available, " bytes are there"));
    }
  }
  PictureHeader header;
  header.format = PictureFormat::kBmp;
  header.width = layout.width;
  header.height = layout.height;
  header.end = file.size();
  return header;
}

Image decode_bmp(Bytes file) {
  const BmpLayout layout = read_layout(file);
  const std::array<Color, 256> palette = read_palette(file, layout);
  Image image;
  image.width = static_cast<int>(layout.width);
  image.height = static_cast<int>(layout.height);
  image.pixels.resize(static_cast<std::size_t>(layout.width * layout.height * 3));
  Canvas canvas(image, layout.top_down);
  if (is_run_length_coded(layout)) {
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      image.pixels[i] = palette[0][i % 3];
    }
    read_runs(file, layout, palette, &canvas);
  } else {
    read_rows(file, layout, palette, canvas);
  }
  return image;
}

}  // namespace pliant::models

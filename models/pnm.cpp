// Binary PGM (P5) and PPM (P6). Pixels as OpenCV's imread gives them: the greatest value is not scaled to
// 255, and of 16 bits the upper 8 are taken. (OpenCV 4.6 takes the lower 8 of a 16-bit PPM; that defect is
// not copied.)
#include "core/format.hpp"
#include "models/picture_formats.hpp"

namespace pliant::models {
namespace {

struct PnmLayout {
  std::uint64_t width = 0;
  std::uint64_t height = 0;
  bool color = false;
  bool wide = false;     // 16 bits a sample, big-endian
  std::size_t data = 0;  // offset of the pixels

  std::uint64_t row_bytes() const { return width * (color ? 3 : 1) * (wide ? 2 : 1); }
};

bool is_space(std::uint32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// A decimal number after spaces and comments; `at` ends up behind the one character that follows the number.
std::uint64_t read_number(Bytes file, std::size_t& at) {
  for (; has_bytes(file, at, 1); ++at) {
    if (byte_at(file, at) == '#') {
      while (has_bytes(file, at + 1, 1) && byte_at(file, at) != '\n') {
        ++at;
      }
    } else if (!is_space(byte_at(file, at))) {
      break;
    }
  }
  std::uint64_t number = 0;
  int digits = 0;
  for (; has_bytes(file, at, 1) && byte_at(file, at) >= '0' && byte_at(file, at) <= '9'; ++at, ++digits) {
    number = number * 10 + (byte_at(file, at) - '0');
    if (number > 0x7FFFFFFFU) {
      fail("a number in its PNM header is too large");
    }
  }
  if (digits == 0 || !has_bytes(file, at, 1) || !is_space(byte_at(file, at))) {
    fail("its PNM header is damaged or cut off");
  }
  ++at;
  return number;
}

PnmLayout read_layout(Bytes file) {
  PnmLayout layout;
  layout.color = byte_at(file, 1) == '6';
  std::size_t at = 2;
  layout.width = read_number(file, at);
  layout.height = read_number(file, at);
  const std::uint64_t greatest = read_number(file, at);
  if (greatest < 1 || greatest > 65535) {
    fail(core::message("its PNM header has ", greatest, " as the greatest value, expected 1 to 65535"));
  }
  layout.wide = greatest > 255;
  layout.data = at;
  return layout;
}

}  // namespace

PictureHeader inspect_pnm(Bytes file) {
  const PnmLayout layout = read_layout(file);
  const std::uint64_t available = file.size() - layout.data;
  // Sizes are below 2^31, so that a row's bytes fit; the product may not, hence the division.
  if (layout.row_bytes() != 0 && layout.height > available / layout.row_bytes()) {
    fail(core::message("the file is cut off: ", layout.height, " rows of ", layout.row_bytes(),
                       " bytes expected, ", available, " bytes are there"));
  }
  PictureHeader header;
  header.format = PictureFormat::kPnm;
  header.width = layout.width;
  header.height = layout.height;
  header.end = file.size();
  return header;
}

Image decode_pnm(Bytes file) {
  const PnmLayout layout = read_layout(file);
  Image image;
  image.width = static_cast<int>(layout.width);
  image.height = static_cast<int>(layout.height);
  const std::size_t pixels = static_cast<std::size_t>(layout.width * layout.height);
  image.pixels.resize(pixels * 3);
  const std::size_t sample = layout.wide ? 2 : 1;
  const std::size_t channels = layout.color ? 3 : 1;
  std::size_t at = layout.data;
  for (std::size_t i = 0; i < pixels; ++i, at += sample * channels) {
    for (std::size_t c = 0; c < 3; ++c) {
      const std::size_t channel = layout.color ? 2 - c : 0;  // the file has RGB
      image.pixels[i * 3 + c] = static_cast<std::uint8_t>(byte_at(file, at + channel * sample));
    }
  }
  return image;
}

}  // namespace pliant::models

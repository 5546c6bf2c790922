// The structure of a GIF file up to the end of its first frame.
#include <optional>

#include "models/picture_formats.hpp"

namespace pliant::models {
namespace {

constexpr std::size_t kHeaderBytes = 13;  // signature and logical screen descriptor
constexpr std::uint32_t kWhite = 0xFFFFFF;

std::size_t color_table_bytes(std::uint32_t flags) {
  return (flags & 0x80U) != 0 ? std::size_t{3} << ((flags & 7U) + 1) : 0;
}

// The offset behind a chain of data blocks, each with its length in front, which ends with an empty one.
std::size_t skip_blocks(Bytes file, std::size_t at) {
  for (;;) {
    if (!has_bytes(file, at, 1)) {
      fail("the file is cut off inside the first frame of its GIF data");
    }
    const std::size_t length = byte_at(file, at);
    ++at;
    if (length == 0) {
      return at;
    }
    if (!has_bytes(file, at, length)) {
      fail("the file is cut off inside the first frame of its GIF data");
    }
    at += length;
  }
}

struct FirstFrame {
  std::size_t descriptor = 0;  // offset of its image descriptor
  std::size_t end = 0;         // offset behind its data
  int transparent = -1;        // index of the colour that is not drawn
};

FirstFrame find_first_frame(Bytes file) {
  FirstFrame frame;
  std::size_t at = kHeaderBytes + color_table_bytes(byte_at(file, 10));
  for (;;) {
    if (!has_bytes(file, at, 2)) {
      fail("the file is cut off: its GIF data holds no whole frame");
    }
    const std::uint32_t kind = byte_at(file, at);
    if (kind == 0x21) {  // an extension: its label, then data blocks
      const bool graphic_control = byte_at(file, at + 1) == 0xF9;
      if (graphic_control && has_bytes(file, at, 8) && byte_at(file, at + 2) == 4) {
        frame.transparent = (byte_at(file, at + 3) & 1U) != 0 ? static_cast<int>(byte_at(file, at + 6)) : -1;
      }
      at = skip_blocks(file, at + 2);
    } else if (kind == 0x2C) {
      if (!has_bytes(file, at, 10)) {
        fail("the file is cut off inside the first frame of its GIF data");
      }
      if (u16_le(file, at + 5) == 0 || u16_le(file, at + 7) == 0) {
        fail("the first frame of its GIF data is empty");
      }
      frame.descriptor = at;
      const std::size_t codes = at + 10 + color_table_bytes(byte_at(file, at + 9));
      frame.end = skip_blocks(file, codes + 1);  // the byte before the data blocks is the code size
      return frame;
    } else {
      fail("its GIF data is damaged or holds no frame");
    }
  }
}

// The colour in a table of `bytes` bytes as 0xRRGGBB, if it has one.
std::optional<std::uint32_t> color_at(Bytes file, std::size_t table, std::size_t bytes, std::size_t index) {
  if (index * 3 >= bytes || !has_bytes(file, table + index * 3, 3)) {
    return std::nullopt;
  }
  const std::size_t at = table + index * 3;
  return (byte_at(file, at) << 16) | (byte_at(file, at + 1) << 8) | byte_at(file, at + 2);
}

}  // namespace

PictureHeader inspect_gif(Bytes file) {
  if (!has_bytes(file, 0, kHeaderBytes)) {
    fail("the file is cut off inside its GIF header");
  }
  PictureHeader header;
  header.format = PictureFormat::kGif;
  header.width = u16_le(file, 6);
  header.height = u16_le(file, 8);
  header.end = find_first_frame(file).end;
  return header;
}

std::uint32_t gif_background(Bytes file) {
  const FirstFrame frame = find_first_frame(file);
  const std::size_t local_bytes = color_table_bytes(byte_at(file, frame.descriptor + 9));
  const std::size_t global_bytes = color_table_bytes(byte_at(file, 10));
  std::optional<std::uint32_t> color;
  if (frame.transparent >= 0) {
    const auto index = static_cast<std::size_t>(frame.transparent);
    color = local_bytes > 0 ? color_at(file, frame.descriptor + 10, local_bytes, index)
                            : color_at(file, kHeaderBytes, global_bytes, index);
  }
  if (!color) {
    color = color_at(file, kHeaderBytes, global_bytes, byte_at(file, 11));
  }
  return color.value_or(kWhite);
}

}  // namespace pliant::models

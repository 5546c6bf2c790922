// The structure of a JPEG file: its size, its orientation, and whether its end is there. stb_image reads a
// file that was cut off as if it went on with zeros, and so the end is looked for here.
#include "core/format.hpp"
#include "models/exif.hpp"
#include "models/picture_formats.hpp"

namespace pliant::models {
namespace {

constexpr std::uint32_t kHuffmanTables = 0xC4;
constexpr std::uint32_t kStartOfScan = 0xDA;
constexpr std::uint32_t kEndOfImage = 0xD9;
constexpr std::uint32_t kApp1 = 0xE1;

bool stands_alone(std::uint32_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8); }

bool is_frame_header(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

// The offset of the byte after the next marker's 0xFF...0xFF; the file's size where there is none.
// Entropy-coded data is passed over with the same step: in it a 0xFF is followed by 0x00 or a restart marker.
std::size_t next_marker(Bytes file, std::size_t at, bool in_scan) {
  while (at + 1 < file.size()) {
    if (byte_at(file, at) != 0xFF) {
      ++at;
      continue;
    }
    const std::uint32_t marker = byte_at(file, at + 1);
    if (marker == 0xFF) {
      ++at;
    } else if (marker == 0x00 || (in_scan && marker >= 0xD0 && marker <= 0xD7)) {
      at += 2;
    } else {
      return at + 1;
    }
  }
  return file.size();
}

void read_frame_header(Bytes segment, std::uint32_t marker, PictureHeader& header) {
  if (marker != 0xC0 && marker != 0xC1 && marker != 0xC2) {
    fail("it is a JPEG file of a rare kind (lossless or arithmetic coding); save it as baseline JPEG or PNG");
  }
  if (segment.size() < 6) {
    fail("its JPEG frame header is damaged");
  }
  if (byte_at(segment, 0) != 8) {
    fail(core::message("it is a JPEG file with ", byte_at(segment, 0),
                       " bits a sample, and only 8 are supported; save it as PNG"));
  }
  header.height = u16_be(segment, 1);
  header.width = u16_be(segment, 3);
}

// stb_image 2.27 trusts the counts of a Huffman table and writes past its own arrays, so they are checked
// here.
void check_huffman_tables(Bytes segment) {
  constexpr std::size_t kCounts = 16;
  std::size_t at = 0;
  while (at < segment.size()) {
    std::size_t codes = 0;
    for (std::size_t i = 0; has_bytes(segment, at, 1 + kCounts) && i < kCounts; ++i) {
      codes += byte_at(segment, at + 1 + i);
    }
    if (codes > 256 || !has_bytes(segment, at, 1 + kCounts + codes)) {
      fail("a Huffman table of its JPEG data is damaged");
    }
    at += 1 + kCounts + codes;
  }
}

}  // namespace

PictureHeader inspect_jpeg(Bytes file) {
  PictureHeader header;
  header.format = PictureFormat::kJpeg;
  bool has_frame = false;
  bool has_scan = false;
  bool has_exif = false;
  std::size_t at = 2;  // after the start-of-image marker
  for (;;) {
    at = next_marker(file, at, has_scan);
    if (at >= file.size()) {
      fail("the file is cut off: its JPEG end-of-image marker is missing");
    }
    const std::uint32_t marker = byte_at(file, at);
    ++at;
    if (marker == kEndOfImage) {
      break;
    }
    if (stands_alone(marker)) {
      continue;
    }
    const std::size_t length = has_bytes(file, at, 2) ? u16_be(file, at) : 0;
    if (length < 2 || !has_bytes(file, at, length)) {
      fail("the file is damaged or cut off inside a JPEG segment");
    }
    const Bytes segment = file.subspan(at + 2, length - 2);
    if (is_frame_header(marker)) {
      if (has_frame) {
        fail("its JPEG data has more than one frame");
      }
      read_frame_header(segment, marker, header);
      has_frame = true;
    } else if (marker == kApp1 && !has_exif && matches(segment, 0, "Exif\0\0")) {
      header.orientation = exif_orientation(segment.subspan(6));
      has_exif = true;
    } else if (marker == kHuffmanTables) {
      check_huffman_tables(segment);
    } else if (marker == kStartOfScan) {
      if (!has_frame) {
        fail("its JPEG data has a scan before the frame header");
      }
      has_scan = true;
    }
    at += length;
  }
  if (!has_scan) {
    fail("its JPEG data holds no picture");
  }
  header.end = at;
  return header;
}

}  // namespace pliant::models

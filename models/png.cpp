// The structure of a PNG file: chunks, their checksums (stb_image does not look at them), size and
// orientation.
#include <array>

#include "core/format.hpp"
#include "models/exif.hpp"
#include "models/picture_formats.hpp"

namespace pliant::models {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkOverhead = 12;  // length, type, checksum

// CRC-32 as PNG defines it (ISO 3309): reflected, polynomial 0xEDB88320. Table k is a byte's part k bytes on,
// so that eight bytes are taken at a time: one at a time it would cost a fifth of the decoding.
constexpr std::size_t kCrcBytes = 8;
using CrcTables = std::array<std::array<std::uint32_t, 256>, kCrcBytes>;

constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t value = n;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? 0xEDB88320U ^ (value >> 1) : value >> 1;
    }
    tables[0][n] = value;
  }
  for (std::size_t k = 1; k < kCrcBytes; ++k) {
    for (std::size_t n = 0; n < 256; ++n) {
      const std::uint32_t before = tables[k - 1][n];
      tables[k][n] = tables[0][before & 0xFFU] ^ (before >> 8);
    }
  }
  return tables;
}

std::uint32_t crc32(Bytes bytes) {
  static constexpr CrcTables kTables = make_crc_tables();
  std::uint32_t value = 0xFFFFFFFFU;
  std::size_t i = 0;
  for (; i + kCrcBytes <= bytes.size(); i += kCrcBytes) {
    std::uint32_t next = 0;
    for (std::size_t k = 0; k < kCrcBytes; ++k) {
      const auto byte = std::to_integer<std::uint32_t>(bytes[i + k]);
      next ^= kTables[kCrcBytes - 1 - k][k < 4 ? byte ^ (value >> (8 * k) & 0xFFU) : byte];
    }
    value = next;
  }
  for (; i < bytes.size(); ++i) {
    value = kTables[0][(value ^ std::to_integer<std::uint32_t>(bytes[i])) & 0xFFU] ^ (value >> 8);
  }
  return value ^ 0xFFFFFFFFU;
}

// Chunks whose name begins with a capital letter are needed to decode the picture.
bool is_critical(Bytes file, std::size_t chunk) { return (byte_at(file, chunk + 4) & 0x20U) == 0; }

}  // namespace

PictureHeader inspect_png(Bytes file) {
  PictureHeader header;
  header.format = PictureFormat::kPng;
  bool has_data = false;
  bool has_exif = false;
  std::size_t at = kSignatureBytes;
  for (bool first = true;; first = false) {
    if (!has_bytes(file, at, kChunkOverhead)) {
      fail("the file is cut off: its PNG end chunk is missing");
    }
    const std::size_t length = u32_be(file, at);
    if (length > 0x7FFFFFFFU || !has_bytes(file, at + kChunkOverhead, length)) {
      fail("the file is damaged or cut off inside a PNG chunk");
    }
    if (is_critical(file, at) && crc32(file.subspan(at + 4, length + 4)) != u32_be(file, at + 8 + length)) {
      fail("the file is damaged: the checksum of a PNG chunk does not match");
    }
    const Bytes data = file.subspan(at + 8, length);
    if (first) {
      if (!matches(file, at + 4, "IHDR") || length != 13) {
        fail("its PNG header chunk is missing or damaged");
      }
      header.width = u32_be(data, 0);
      header.height = u32_be(data, 4);
    } else if (matches(file, at + 4, "IDAT")) {
      has_data = true;
    } else if (matches(file, at + 4, "eXIf") && !has_exif) {
      header.orientation = exif_orientation(data);
      has_exif = true;
    } else if (matches(file, at + 4, "IEND")) {
      header.end = at + kChunkOverhead + length;
      break;
    }
    at += kChunkOverhead + length;
  }
  if (!has_data) {
    fail("its PNG data holds no picture");
  }
  return header;
}

}  // namespace pliant::models

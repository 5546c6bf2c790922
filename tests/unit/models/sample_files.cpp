#include "tests/unit/models/sample_files.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace pliant::test {
namespace {

void put_le(FileBytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(i < 8 ? static_cast<std::byte>(value >> (8 * i)) : std::byte{0});
  }
}

void put_be(FileBytes& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) {
    out.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
}

void put(FileBytes& out, const FileBytes& more) {
  for (const std::byte b : more) {
    out.push_back(b);
  }
}

std::uint32_t crc32(const FileBytes& bytes) {
  std::uint32_t value = 0xFFFFFFFFU;
  for (const std::byte b : bytes) {
    value ^= std::to_integer<std::uint32_t>(b);
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1) ^ ((value & 1U) != 0 ? 0xEDB88320U : 0);
    }
  }
  return ~value;
}

FileBytes png_signature() { return to_bytes("\x89PNG\r\n\x1A\n"); }

FileBytes png_ihdr(std::uint32_t width, std::uint32_t height) {
  FileBytes header;
  put_be(header, width, 4);
  put_be(header, height, 4);
  put(header, {std::byte{8}, std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}});
  return png_chunk("IHDR", header);
}

}  // namespace

FileBytes to_bytes(const std::string& text) {
  FileBytes bytes(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    bytes[i] = static_cast<std::byte>(text[i]);
  }
  return bytes;
}

Image gradient(int width, int height) {
  Image image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {x * 7 + y, y * 11, 255 - x * 3}) {
        image.pixels.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  return image;
}

FileBytes pgm(int width, int height) {
  FileBytes file =
      to_bytes("P5\n# a comment\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n");
  for (int i = 0; i < width * height; ++i) {
    file.push_back(static_cast<std::byte>(i * 5));
  }
  return file;
}

FileBytes ppm16(int width, int height) {
  FileBytes file = to_bytes("P6 " + std::to_string(width) + " " + std::to_string(height) + " 65535\n");
  for (int i = 0; i < width * height * 3; ++i) {
    put_be(file, static_cast<std::uint64_t>(i) * 257, 2);
  }
  return file;
}

FileBytes bmp_header(std::int32_t width, std::int32_t height) {
  FileBytes file = to_bytes("BM");
  put_le(file, 0, 8);
  put_le(file, 54, 4);
  put_le(file, 40, 4);
  put_le(file, static_cast<std::uint32_t>(width), 4);
  put_le(file, static_cast<std::uint32_t>(height), 4);
  put_le(file, 1, 2);
  put_le(file, 24, 2);
  put_le(file, 0, 24);
  return file;
}

FileBytes bmp(int width, int height) {
  FileBytes file = bmp_header(width, height);
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < (width * 3 + 3) / 4 * 4; ++i) {
      file.push_back(static_cast<std::byte>(y * 16 + i));
    }
  }
  return file;
}

FileBytes bmp_rle() {
  FileBytes file = to_bytes("BM");
  put_le(file, 0, 8);
  put_le(file, 54 + 16, 4);
  put_le(file, 40, 4);
  put_le(file, 4, 4);
  put_le(file, 2, 4);
  put_le(file, 1, 2);
  put_le(file, 8, 2);
  put_le(file, 1, 4);
  put_le(file, 0, 12);
  put_le(file, 4, 4);
  put_le(file, 0, 4);
  for (int i = 0; i < 16; ++i) {
    file.push_back(static_cast<std::byte>(i * 9));
  }
  for (const int code : {1, 1, 0, 2, 2, 0, 1, 2, 0, 0, 0, 3, 3, 2, 1, 0, 0, 1}) {
    file.push_back(static_cast<std::byte>(code));
  }
  return file;
}

FileBytes png_chunk(const std::string& type, const FileBytes& data) {
  FileBytes named = to_bytes(type);
  put(named, data);
  FileBytes chunk;
  put_be(chunk, data.size(), 4);
  put(chunk, named);
  put_be(chunk, crc32(named), 4);
  return chunk;
}

FileBytes png_header(std::uint32_t width, std::uint32_t height) {
  FileBytes file = png_signature();
  put(file, png_ihdr(width, height));
  put(file, png_chunk("IDAT", to_bytes("x")));
  put(file, png_chunk("IEND", {}));
  return file;
}

FileBytes png(std::uint32_t width, std::uint32_t height, const FileBytes& extra) {
  FileBytes raw;
  for (std::uint32_t y = 0; y < height; ++y) {
    raw.push_back(std::byte{0});
    for (std::uint32_t i = 0; i < width * 3; ++i) {
      raw.push_back(static_cast<std::byte>(y * 31 + i * 5));
    }
  }
  FileBytes zlib;  // one stored block
  put_be(zlib, 0x7801, 2);
  put_le(zlib, 1, 1);
  put_le(zlib, raw.size(), 2);
  put_le(zlib, ~raw.size() & 0xFFFFU, 2);
  put(zlib, raw);
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const std::byte value : raw) {
    a = (a + std::to_integer<std::uint32_t>(value)) % 65521;
    b = (b + a) % 65521;
  }
  put_be(zlib, (b << 16) | a, 4);
  FileBytes file = png_signature();
  put(file, png_ihdr(width, height));
  put(file, extra);
  put(file, png_chunk("IDAT", zlib));
  put(file, png_chunk("IEND", {}));
  return file;
}

FileBytes gif() {
  FileBytes file = to_bytes("GIF89a");
  put_le(file, 2, 2);
  put_le(file, 2, 2);
  put_le(file, 0x81, 1);  // a global table of 4 colours
  put_le(file, 2, 1);     // the background
  put_le(file, 0, 1);
  for (const int value : {255, 0, 0, 0, 255, 0, 10, 20, 30, 40, 50, 60}) {
    put_le(file, static_cast<std::uint64_t>(value), 1);
  }
  for (const int value : {0x21, 0xF9, 4, 1, 0, 0, 3, 0}) {  // colour 3 is transparent
    put_le(file, static_cast<std::uint64_t>(value), 1);
  }
  for (const int value : {0x2C, 0, 0, 0, 0, 2, 0, 2, 0, 0}) {
    put_le(file, static_cast<std::uint64_t>(value), 1);
  }
  // Codes: clear, 0, 1, 2 of 3 bits each, then 3 and the end code of 3 bits.
  std::uint32_t bits = 4 | (0 << 3) | (1 << 6) | (2 << 9) | (3 << 12) | (5 << 16);
  put_le(file, 2, 1);
  put_le(file, 3, 1);
  put_le(file, bits, 3);
  put_le(file, 0, 1);
  put_le(file, 0x3B, 1);
  return file;
}

FileBytes jpeg(int width, int height) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("pliant-sample-" + std::to_string(::getpid()) + ".jpg");
  save_image(gradient(width, height), path.string());
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  std::filesystem::remove(path);
  return to_bytes(text);
}

FileBytes tiff(int orientation, bool big_endian) {
  FileBytes block = to_bytes(big_endian ? std::string("MM\0*", 4) : std::string("II*\0", 4));
  const auto add = [&](std::uint64_t value, int bytes) {
    big_endian ? put_be(block, value, bytes) : put_le(block, value, bytes);
  };
  add(8, 4);       // where the directory is
  add(2, 2);       // entries
  add(0x010F, 2);  // another tag comes first
  add(2, 2);
  add(1, 4);
  add(0, 4);
  add(0x0112, 2);
  add(3, 2);
  add(1, 4);
  add(static_cast<std::uint64_t>(orientation), 2);
  add(0, 2);
  add(0, 4);
  return block;
}

FileBytes with_exif(const FileBytes& jpeg, int orientation, bool big_endian) {
  FileBytes data = to_bytes(std::string("Exif\0\0", 6));
  put(data, tiff(orientation, big_endian));
  FileBytes segment;
  put_be(segment, 0xFFE1, 2);
  put_be(segment, data.size() + 2, 2);
  put(segment, data);
  FileBytes file = jpeg;
  file.insert(file.begin() + 2, segment.begin(), segment.end());
  return file;
}

std::vector<Sample> sample_files() {
  return {{"pgm", pgm(7, 5)},
          {"ppm16", ppm16(5, 3)},
          {"bmp", bmp(5, 4)},
          {"bmp-rle", bmp_rle()},
          {"png", png(6, 4, png_chunk("eXIf", tiff(6, false)))},
          {"gif", gif()},
          {"jpeg", with_exif(jpeg(20, 12), 5, true)}};
}

}  // namespace pliant::test

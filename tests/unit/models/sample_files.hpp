// Small valid picture files, put together by hand so that the tests need no other decoder or encoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pliant/text_detector.hpp"

namespace pliant::test {

using FileBytes = std::vector<std::byte>;

FileBytes to_bytes(const std::string& text);

/// A picture with a different colour at each pixel.
Image gradient(int width, int height);

FileBytes pgm(int width, int height);
FileBytes ppm16(int width, int height);
/// 24 bits.
FileBytes bmp(int width, int height);
/// 8 bits with a palette, run-length coded: 4x2.
FileBytes bmp_rle();
/// A header alone, as large as one likes.
FileBytes bmp_header(std::int32_t width, std::int32_t height);
/// RGB, with stored (uncompressed) data; `extra` chunks come before the data.
FileBytes png(std::uint32_t width, std::uint32_t height, const FileBytes& extra = {});
FileBytes png_chunk(const std::string& type, const FileBytes& data);
/// The signature and the header chunk, then the end chunk.
FileBytes png_header(std::uint32_t width, std::uint32_t height);
/// 2x2 pixels of four colours, the last of them transparent; the background is colour 2.
FileBytes gif();
/// Baseline, written by save_image.
FileBytes jpeg(int width, int height);
/// Puts an APP1 segment with EXIF data behind the start-of-image marker.
FileBytes with_exif(const FileBytes& jpeg, int orientation, bool big_endian);
/// A TIFF block with an Orientation tag.
FileBytes tiff(int orientation, bool big_endian);

struct Sample {
  std::string name;
  FileBytes file;
};

/// One of each.
std::vector<Sample> sample_files();

}  // namespace pliant::test

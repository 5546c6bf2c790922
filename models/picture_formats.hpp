// The picture formats, one reader each. Every reader first looks at the file's structure alone, without
// allocating: which size it has, how it is to be turned, and whether it is complete.
#pragma once

#include <cstdint>
#include <string>

#include "models/picture_bytes.hpp"
#include "pliant/text_detector.hpp"

namespace pliant::models {

enum class PictureFormat { kJpeg, kPng, kGif, kBmp, kPnm };

const char* to_string(PictureFormat format) noexcept;

/// What a file's structure says.
struct PictureHeader {
  PictureFormat format = PictureFormat::kJpeg;
  std::uint64_t width = 0;   ///< as stored, before turning
  std::uint64_t height = 0;  ///< as stored, before turning
  int orientation = 1;       ///< EXIF, 1..8
  std::size_t end = 0;       ///< of the bytes that belong to the picture
};

/// Throws kInvalidImage with the rest of a sentence "cannot decode picture 'x': ..."; decode_image adds the
/// beginning.
[[noreturn]] void fail(const std::string& what);

/// By the file's first bytes, whatever its name is. Fails where no format matches.
PictureFormat recognise_format(Bytes file);

/// These check the structure up to the end of the picture and fail where it is damaged or cut off.
PictureHeader inspect_jpeg(Bytes file);
PictureHeader inspect_png(Bytes file);
PictureHeader inspect_gif(Bytes file);
PictureHeader inspect_bmp(Bytes file);
PictureHeader inspect_pnm(Bytes file);

/// The colour that shows where the first frame of an inspected GIF is transparent, as 0xRRGGBB: what its
/// colour table says of the transparent index (Pillow shows the same), else its background colour, else the
/// white of paper.
std::uint32_t gif_background(Bytes file);

/// These decode a file whose header has been inspected and found small enough. The result is not turned yet.
Image decode_bmp(Bytes file);
Image decode_pnm(Bytes file);
/// JPEG, PNG and GIF, by stb_image, which gets to see only what has been inspected.
Image decode_with_stb(Bytes file, const PictureHeader& header);

}  // namespace pliant::models

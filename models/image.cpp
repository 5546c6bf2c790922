// From a file's bytes to upright BGR pixels.
#include <new>

#include "core/format.hpp"
#include "models/exif.hpp"
#include "models/files.hpp"
#include "models/picture_formats.hpp"
#include "pliant/error.hpp"

namespace pliant {
namespace models {

void fail(const std::string& what) { throw Error(ErrorCode::kInvalidImage, what); }

const char* to_string(PictureFormat format) noexcept {
  switch (format) {
    case PictureFormat::kJpeg:
      return "JPEG";
    case PictureFormat::kPng:
      return "PNG";
    case PictureFormat::kGif:
      return "GIF";
    case PictureFormat::kBmp:
      return "BMP";
    case PictureFormat::kPnm:
      return "PNM";
  }
  return "unknown";
}

PictureFormat recognise_format(Bytes file) {
  if (file.empty()) {
    fail("the file is empty");
  }
  if (matches(file, 0, "\xFF\xD8\xFF")) {
    return PictureFormat::kJpeg;
  }
  if (matches(file, 0, "\x89PNG\r\n\x1A\n")) {
    return PictureFormat::kPng;
  }
  if (matches(file, 0, "GIF87a") || matches(file, 0, "GIF89a")) {
    return PictureFormat::kGif;
  }
  if (matches(file, 0, "BM")) {
    return PictureFormat::kBmp;
  }
  if (matches(file, 0, "P5") || matches(file, 0, "P6")) {
    return PictureFormat::kPnm;
  }
  fail("it is not a picture of a known format (JPEG, PNG, GIF, BMP, binary PGM or PPM)");
}

namespace {

PictureHeader inspect(Bytes file) {
  switch (recognise_format(file)) {
    case PictureFormat::kJpeg:
      return inspect_jpeg(file);
    case PictureFormat::kPng:
      return inspect_png(file);
    case PictureFormat::kGif:
      return inspect_gif(file);
    case PictureFormat::kBmp:
      return inspect_bmp(file);
    case PictureFormat::kPnm:
      return inspect_pnm(file);
  }
  fail("it is not a picture of a known format");
}

void check_size(const PictureHeader& header, std::uint64_t max_pixels) {
  if (header.width == 0 || header.height == 0) {
    fail(core::message("its ", to_string(header.format), " header has the size ", header.width, "x",
                       header.height, ", expected at least 1x1"));
  }
  // Every header's numbers are below 2^32, so that the product fits.
  const std::uint64_t pixels = header.width * header.height;
  if (pixels > max_pixels) {
    fail(core::message("it has ", header.width, "x", header.height, " = ", pixels,
                       " pixels, more than the limit of ", max_pixels,
                       "; raise the limit or make the picture smaller"));
  }
  if (header.width > 0x7FFFFFFFU || header.height > 0x7FFFFFFFU) {
    fail(core::message("its ", to_string(header.format), " header has the size ", header.width, "x",
                       header.height, ", and sides are limited to 2147483647"));
  }
}

Image decode(Bytes file, const DecodeOptions& options) {
  const PictureHeader header = inspect(file);
  check_size(header, options.max_pixels);
  Image image;
  switch (header.format) {
    case PictureFormat::kBmp:
      image = decode_bmp(file);
      break;
    case PictureFormat::kPnm:
      image = decode_pnm(file);
      break;
    default:
      image = decode_with_stb(file.first(header.end), header);
  }
  apply_orientation(image, header.orientation);
  return image;
}

}  // namespace
}  // namespace models

Image decode_image(std::span<const std::byte> file, const std::string& name, const DecodeOptions& options) {
  try {
    return models::decode(file, options);
  } catch (const Error& error) {
    throw Error(error.code(), core::message("cannot decode picture '", name, "': ", error.what()));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::kOutOfMemory, core::message("cannot decode picture '", name, "': out of memory"));
  }
}

Image load_image(const std::string& path, const DecodeOptions& options) {
  return decode_image(models::read_file(path), path, options);
}

}  // namespace pliant

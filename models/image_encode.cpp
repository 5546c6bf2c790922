// Writing pictures, by stb_image_write, which is compiled into this file alone.
#include <cstring>
#include <string>
#include <vector>

#include "core/format.hpp"
#include "models/files.hpp"
#include "pliant/error.hpp"
#include "pliant/text_detector.hpp"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#define STBIW_ASSERT(x) ((void)0)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb_image_write.h>
#pragma GCC diagnostic pop

namespace pliant {
namespace {

constexpr int kJpegQuality = 92;  // above 90 stb keeps the colours at full resolution

enum class Encoding { kPng, kJpeg, kBmp };

Encoding encoding_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  const std::size_t dot = path.find_last_of('.');
  std::string extension;
  if (dot != std::string::npos && (slash == std::string::npos || dot > slash)) {
    extension = path.substr(dot);
  }
  for (char& c : extension) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (extension == ".png") {
    return Encoding::kPng;
  }
  if (extension == ".jpg" || extension == ".jpeg") {
    return Encoding::kJpeg;
  }
  if (extension == ".bmp") {
    return Encoding::kBmp;
  }
  throw Error(ErrorCode::kInvalidArgument, core::message("cannot write '", path, "': the name ends with '",
                                                         extension, "', expected .png, .jpg, .jpeg or .bmp"));
}

struct Sink {
  std::vector<std::byte> bytes;
  bool failed = false;
};

// Called from C-like code, through which no exception may pass.
void append(void* context, void* data, int size) noexcept {
  auto& sink = *static_cast<Sink*>(context);
  try {
    const auto* from = static_cast<const std::byte*>(data);
    sink.bytes.insert(sink.bytes.end(), from, from + size);
  } catch (...) {
    sink.failed = true;
  }
}

}  // namespace

void save_image(const Image& image, const std::string& path) {
  const Encoding encoding = encoding_of(path);
  // The encoders count bytes in int, with room for a filter byte a row and the deflate overhead.
  constexpr std::size_t kGreatest = std::size_t{1} << 30;
  const std::size_t bytes =
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3;
  if (image.width < 1 || image.height < 1 || image.pixels.size() != bytes || bytes > kGreatest) {
    throw Error(
        ErrorCode::kInvalidArgument,
        core::message("cannot write '", path, "': a picture of ", image.width, "x", image.height, " with ",
                      image.pixels.size(), " bytes of pixels, expected 3 bytes a pixel and at most 1 GiB"));
  }
  constexpr int kJpegSide = 65535;
  if (encoding == Encoding::kJpeg && (image.width > kJpegSide || image.height > kJpegSide)) {
    throw Error(ErrorCode::kInvalidArgument,
                core::message("cannot write '", path, "': a picture of ", image.width, "x", image.height,
                              ", and JPEG allows sides of at most ", kJpegSide, "; write a PNG"));
  }
  std::vector<std::uint8_t> rgb(bytes);
  for (std::size_t i = 0; i < bytes; i += 3) {
    rgb[i] = image.pixels[i + 2];
    rgb[i + 1] = image.pixels[i + 1];
    rgb[i + 2] = image.pixels[i];
  }
  Sink sink;
  int done = 0;
  switch (encoding) {
    case Encoding::kPng:
      done = stbi_write_png_to_func(append, &sink, image.width, image.height, 3, rgb.data(), image.width * 3);
      break;
    case Encoding::kJpeg:
      done = stbi_write_jpg_to_func(append, &sink, image.width, image.height, 3, rgb.data(), kJpegQuality);
      break;
    case Encoding::kBmp:
      done = stbi_write_bmp_to_func(append, &sink, image.width, image.height, 3, rgb.data());
      break;
  }
  if (done == 0 || sink.failed) {
    throw Error(ErrorCode::kOutOfMemory, core::message("cannot write '", path, "': out of memory"));
  }
  models::write_file(path, sink.bytes);
}

}  // namespace pliant

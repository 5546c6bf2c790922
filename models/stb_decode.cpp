// JPEG, PNG and GIF by stb_image, which is compiled into this file alone. It gets memory by these rules: all
// of it is zeroed, so that a damaged file can never show what was in memory before, and its sum is bounded by
// the picture's size, so that a small file cannot inflate into gigabytes.
#include <cstdlib>
#include <cstring>
#include <limits>

#include "core/format.hpp"
#include "models/picture_formats.hpp"

namespace pliant::models {
namespace {

thread_local std::size_t memory_left = 0;
thread_local bool memory_refused = false;

// A prefix keeps each block's size; its own size keeps the alignment of malloc.
constexpr std::size_t kPrefix = alignof(std::max_align_t);

void* stb_allocate(std::size_t bytes) {
  if (bytes > memory_left) {
    memory_refused = true;
    return nullptr;
  }
  void* block = std::calloc(1, bytes + kPrefix);
  if (block == nullptr) {
    return nullptr;
  }
  std::memcpy(block, &bytes, sizeof bytes);
  memory_left -= bytes;
  return static_cast<char*>(block) + kPrefix;
}

void stb_release(void* memory) {
  if (memory == nullptr) {
    return;
  }
  void* block = static_cast<char*>(memory) - kPrefix;
  std::size_t bytes = 0;
  std::memcpy(&bytes, block, sizeof bytes);
  memory_left += bytes;
  std::free(block);
}

void* stb_reallocate(void* memory, std::size_t old_bytes, std::size_t bytes) {
  void* grown = stb_allocate(bytes);
  if (grown != nullptr && memory != nullptr) {
    std::memcpy(grown, memory, old_bytes < bytes ? old_bytes : bytes);
    stb_release(memory);
  }
  return grown;
}

}  // namespace
}  // namespace pliant::models

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_GIF
#define STBI_ASSERT(x) ((void)0)  // a library never aborts; stb's assertions only restate what it has checked
#define STBI_MALLOC(size) ::pliant::models::stb_allocate(size)
#define STBI_REALLOC_SIZED(p, old_size, new_size) ::pliant::models::stb_reallocate(p, old_size, new_size)
#define STBI_REALLOC(p, size) ::pliant::models::stb_reallocate(p, 0, size)
#define STBI_FREE(p) ::pliant::models::stb_release(p)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb_image.h>
#pragma GCC diagnostic pop

namespace pliant::models {
namespace {

struct StbPixels {
  stbi_uc* data = nullptr;
  explicit StbPixels(stbi_uc* pixels) : data(pixels) {}
  ~StbPixels() { stb_release(data); }
  StbPixels(const StbPixels&) = delete;
  StbPixels& operator=(const StbPixels&) = delete;
};

// The greatest need is a progressive JPEG's: its coefficients, its planes, its lines and the result; a PNG of
// 16 bits needs its filtered and unfiltered bytes and the result.
std::size_t memory_for(const PictureHeader& header, std::size_t file_bytes) {
  constexpr std::uint64_t kFixed = std::uint64_t{64} << 20;
  constexpr std::uint64_t kPixel = 40;
  return static_cast<std::size_t>(kFixed + 4 * std::uint64_t{file_bytes} +
                                  kPixel * header.width * header.height);
}

[[noreturn]] void fail_decoding() {
  if (memory_refused) {
    fail("its data is damaged or takes more memory than a picture of its size can need");
  }
  const char* reason = stbi_failure_reason();
  fail(core::message("its data is damaged (", reason != nullptr ? reason : "unknown reason", ")"));
}

}  // namespace

Image decode_with_stb(Bytes file, const PictureHeader& header) {
  if (file.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    fail("the file has 2 GiB or more");
  }
  memory_left = memory_for(header, file.size());
  memory_refused = false;
  const auto* bytes = reinterpret_cast<const stbi_uc*>(file.data());
  const int size = static_cast<int>(file.size());
  int width = 0;
  int height = 0;
  int channels = 0;
  // The size was judged by our own reading of the header, so stb_image must read the same.
  if (stbi_info_from_memory(bytes, size, &width, &height, &channels) == 0) {
    fail_decoding();
  }
  const auto same_size = [&] {
    return width > 0 && height > 0 && static_cast<std::uint64_t>(width) == header.width &&
           static_cast<std::uint64_t>(height) == header.height;
  };
  if (!same_size()) {
    fail("its header is ambiguous about the picture's size");
  }
  const bool with_alpha = header.format == PictureFormat::kGif;
  const StbPixels decoded(stbi_load_from_memory(bytes, size, &width, &height, &channels, with_alpha ? 4 : 3));
  if (decoded.data == nullptr) {
    fail_decoding();
  }
  if (!same_size()) {
    fail("its header is ambiguous about the picture's size");
  }

  const std::uint32_t background = with_alpha ? gif_background(file) : 0;
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const std::size_t step = with_alpha ? 4 : 3;
  Image image;
  image.width = width;
  image.height = height;
  image.pixels.resize(pixels * 3);
  for (std::size_t i = 0; i < pixels; ++i) {
    const stbi_uc* from = decoded.data + i * step;
    const bool transparent = with_alpha && from[3] == 0;
    for (std::size_t c = 0; c < 3; ++c) {
      image.pixels[i * 3 + c] = transparent ? static_cast<std::uint8_t>(background >> (8 * c)) : from[2 - c];
    }
  }
  return image;
}

}  // namespace pliant::models

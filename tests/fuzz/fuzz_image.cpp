// Any bytes as a picture, and what comes out as the network's input.
#include <charconv>
#include <cmath>

#include "pliant/text_detector.hpp"
#include "tests/fuzz/picture_seeds.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/try_model.hpp"
#include "tests/unit/models/sample_files.hpp"

namespace pliant::fuzz {
namespace {

using test::promise;

void preprocess(const Image& image) {
  ImagePreprocess parameters;
  parameters.short_side = 32;
  for (const PixelType type : {PixelType::kUint8, PixelType::kFloat32}) {
    parameters.resize_pixel_type = type;
    try {
      const Tensor tensor = preprocess_image(image, parameters, 128);
      const Shape& shape = tensor.shape();
      promise(shape[2] % 32 == 0 && shape[3] % 32 == 0 && shape[2] <= 128 && shape[3] <= 128,
              "the network's input is ", shape.to_string());
      for (const float value : tensor.values()) promise(std::isfinite(value), "an input of ", value);
    } catch (const Error& error) {
      test::check_error(error);
    }
  }
}

}  // namespace

void run_one(std::span<const std::byte> input) {
  constexpr std::uint64_t kMostPixels = 1'000'000;
  Image image;
  try {
    image = decode_image(input, "picture", {.max_pixels = kMostPixels});
  } catch (const Error& error) {
    test::check_error(error);
    promise(error.code() == ErrorCode::kInvalidImage, "another error than of pictures: ", error.what());
    return;
  }
  const auto pixels = static_cast<std::uint64_t>(image.width) * static_cast<std::uint64_t>(image.height);
  promise(image.width > 0 && image.height > 0 && pixels <= kMostPixels && image.pixels.size() == 3 * pixels,
          image.pixels.size(), " bytes for ", image.width, "x", image.height, " pixels");
  preprocess(image);
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> result;
  for (test::Sample& sample : test::sample_files()) result.push_back(std::move(sample.file));
  for (const std::string_view digits : kPictureSeeds) {
    Bytes& bytes = result.emplace_back(digits.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      unsigned value = 0;
      std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, value, 16);
      bytes[i] = static_cast<std::byte>(value);
    }
  }
  return result;
}

}  // namespace pliant::fuzz

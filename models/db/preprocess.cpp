#include "models/db/preprocess.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "core/format.hpp"
#include "models/opencv_guard.hpp"
#include "pliant/error.hpp"

namespace pliant {
namespace models {
namespace {

[[noreturn]] void fail_argument(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

void check_parameters(const ImagePreprocess& p, int max_side) {
  if (p.multiple_of < 1) {
    fail_argument(core::message("preprocess: multiple_of is ", p.multiple_of, ", expected at least 1"));
  }
  if (p.short_side < 1 || p.short_side % p.multiple_of != 0) {
    fail_argument(core::message("preprocess: short_side is ", p.short_side,
                                ", expected a positive multiple of ", p.multiple_of));
  }
  if (max_side < 0 || (max_side > 0 && max_side < p.multiple_of)) {
    fail_argument(core::message("preprocess: max_side is ", max_side, ", expected at least ", p.multiple_of,
                                ", or 0 for none"));
  }
  const auto usable = [](double value) { return std::isfinite(static_cast<float>(value)); };
  const auto divides = [](double value) {
    return std::isfinite(value) && std::isnormal(static_cast<float>(value));
  };
  if (!divides(p.scale) || !std::all_of(p.std.begin(), p.std.end(), divides) ||
      !std::all_of(p.mean.begin(), p.mean.end(), usable)) {
    fail_argument("preprocess: mean, scale and std must be finite numbers, scale and std not 0");
  }
}

void check_image(const Image& image) {
  if (image.width < 1 || image.height < 1 ||
      image.pixels.size() !=
          static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3) {
    fail_argument(core::message("preprocess: a picture of ", image.width, "x", image.height, " with ",
                                image.pixels.size(),
                                " bytes of pixels, expected at least 1x1 and 3 bytes a pixel"));
  }
}

// Down to a multiple, never to nothing.
int round_down(double side, int multiple) {
  return std::max(multiple, static_cast<int>(std::floor(side / multiple)) * multiple);
}

cv::Mat resize(const Image& image, PixelType type, InputSize size) {
  // OpenCV only reads the pixels through this header.
  const cv::Mat pixels(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()));
  cv::Mat resized;
  if (type == PixelType::kFloat32) {
    cv::Mat fine;
    pixels.convertTo(fine, CV_32FC3);
    cv::resize(fine, resized, cv::Size(size.width, size.height), 0, 0, cv::INTER_LINEAR);
  } else {
    cv::Mat coarse;
    cv::resize(pixels, coarse, cv::Size(size.width, size.height), 0, 0, cv::INTER_LINEAR);
    coarse.convertTo(resized, CV_32FC3);
  }
  return resized;
}

// The numeric types are NumPy's in `img -= mean; img /= scale; img /= std` with a float32 image, float64
// arrays and a Python number: arrays make the step a double one that is rounded back, a number is rounded to
// float32 first.
struct Normalise {
  double mean;
  float scale;
  double std;
  float operator()(float pixel) const {
    const float centred = static_cast<float>(static_cast<double>(pixel) - mean);
    const float scaled = centred / scale;
    return static_cast<float>(static_cast<double>(scaled) / std);
  }
};

}  // namespace

InputSize input_size(int width, int height, const ImagePreprocess& p, int max_side) {
  check_parameters(p, max_side);
  // One expression, in doubles and in this order: int(ceil(short / side * other / multiple) * multiple). A
  // square's other side may therefore come out one multiple longer, where short / side * side is a little
  // above short.
  const double side = std::min(width, height);
  const double other = std::max(width, height);
  const double rounded = std::ceil(p.short_side / side * other / p.multiple_of) * p.multiple_of;

  double short_side = p.short_side;
  double long_side = rounded;
  if (max_side > 0 && rounded > max_side) {
    short_side = round_down(max_side / rounded * short_side, p.multiple_of);
    long_side = round_down(max_side, p.multiple_of);
  }
  if (short_side * long_side * 3 > std::numeric_limits<int>::max()) {
    fail_argument(core::message("preprocess: a picture of ", width, "x", height, " becomes an input of ",
                                short_side, "x", long_side,
                                ", which is too large; cap it with max_side or crop the picture"));
  }
  InputSize size;
  const bool wide = height < width;
  size.width = static_cast<int>(wide ? long_side : short_side);
  size.height = static_cast<int>(wide ? short_side : long_side);
  return size;
}

Tensor preprocess_image(const Image& image, const ImagePreprocess& p, int max_side, Layout layout) {
  check_image(image);
  const InputSize size = input_size(image.width, image.height, p, max_side);
  const cv::Mat resized =
      guard_opencv("resize the picture", [&] { return resize(image, p.resize_pixel_type, size); });

  Tensor input(Shape{1, 3, size.height, size.width}, layout);
  const std::size_t plane = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
  const std::size_t pixel_step = layout == Layout::kNHWC ? 3 : 1;
  const std::size_t channel_step = layout == Layout::kNHWC ? 1 : plane;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const std::size_t from_channel = p.channel_order == ChannelOrder::kBGR ? channel : 2 - channel;
    const Normalise normalise{p.mean[channel], static_cast<float>(p.scale), p.std[channel]};
    const float* from = resized.ptr<float>() + from_channel;
    float* to = input.data() + channel * channel_step;
    for (std::size_t i = 0; i < plane; ++i) {
      to[i * pixel_step] = normalise(from[i * 3]);
    }
  }
  return input;
}

}  // namespace models

Tensor preprocess_image(const Image& image, const ImagePreprocess& parameters, int max_side) {
  return models::preprocess_image(image, parameters, max_side, Layout::kNCHW);
}

}  // namespace pliant

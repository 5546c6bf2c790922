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

// As many as a decoded picture has by default. Only a strip of a few pixels' width that is scaled up comes
// near.
constexpr double kMostInputPixels = 100e6;

[[noreturn]] void fail_argument(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

void check_parameters(const ImagePreprocess& p, int max_side) {
  if (p.multiple_of < 1) {
    fail_argument(core::message("preprocess: multiple_of is ", p.multiple_of, ", expected at least 1"));
  }
  const bool exact = p.resize_rule == ResizeRule::kShortSideCeil;
  if (p.short_side < 1 || (exact && p.short_side % p.multiple_of != 0)) {
    fail_argument(core::message("preprocess: short_side is ", p.short_side, ", expected a positive ",
                                exact ? "multiple of " : "number; sizes are rounded to multiples of ",
                                p.multiple_of));
  }
  if (p.long_side < 0) {
    fail_argument(core::message("preprocess: long_side is ", p.long_side, ", expected 0 for none, or more"));
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

// The picture in the content's size; as bytes where its values are still such, which then are 256 at the
// most.
cv::Mat resize(const Image& image, PixelType type, InputSize size) {
  // OpenCV only reads the pixels through this header.
  const cv::Mat pixels(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()));
  const cv::Size content(size.content_width, size.content_height);
  if (content == pixels.size()) return pixels;  // cv::resize copies then
  cv::Mat source = pixels;
  if (type == PixelType::kFloat32) pixels.convertTo(source, CV_32FC3);
  cv::Mat resized;
  cv::resize(source, resized, content, 0, 0, cv::INTER_LINEAR);
  return resized;
}

// One channel's values, each rounded as the parameters say; see Arithmetic.
class Normalise {
 public:
  Normalise(const ImagePreprocess& p, std::size_t channel)
      : arithmetic_(p.arithmetic), mean_(p.mean[channel]), scale_(p.scale), std_(p.std[channel]) {}

  /// Calls work(function from pixel to value), so that the choice is made once a channel.
  template <class Work>
  void with(const Work& work) const {
    const double mean = mean_;
    const double std = std_;
    const auto scale_single = static_cast<float>(scale_);
    const auto std_single = static_cast<float>(std_);
    const auto mean_single = static_cast<float>(mean_);
    const auto scaled_mean = static_cast<float>(mean_ / scale_);
    switch (arithmetic_) {
      case Arithmetic::kCentreDouble:
        // NumPy's `img -= mean; img /= scale; img /= std`: arrays of doubles, a number becomes float32 first.
        return work([=](float pixel) {
          const auto centred = static_cast<float>(static_cast<double>(pixel) - mean);
          return static_cast<float>(static_cast<double>(centred / scale_single) / std);
        });
      case Arithmetic::kDoubleOnce:
        return work([=, scale = scale_](float pixel) {
          return static_cast<float>((static_cast<double>(pixel) - mean) / scale / std);
        });
      case Arithmetic::kCentreSingle:
        return work([=](float pixel) { return (pixel - mean_single) / scale_single / std_single; });
      case Arithmetic::kScaleSingle:
        return work([=](float pixel) { return (pixel / scale_single - scaled_mean) / std_single; });
      case Arithmetic::kFactorSingle:
        return work([=, factor = static_cast<float>(1 / scale_)](float pixel) {
          return (pixel * factor - scaled_mean) / std_single;
        });
    }
  }

 private:
  Arithmetic arithmetic_;
  double mean_;
  double scale_;
  double std_;
};

// Where the channels of a picture go.
struct Planes {
  std::size_t width = 0;  // pixels of the content
  int height = 0;         // likewise
  std::size_t row = 0;    // pixels from one row to the next
  std::size_t pixel_step = 1;
  std::array<float*, 3> to{};
  std::array<std::size_t, 3> from{};  // channel of the picture
};

void normalise_bytes(const cv::Mat& picture, const ImagePreprocess& p, const Planes& planes) {
  std::array<std::array<float, 256>, 3> values;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    Normalise(p, channel).with([&](const auto& value) {
      for (std::size_t byte = 0; byte < 256; ++byte) values[channel][byte] = value(static_cast<float>(byte));
    });
  }
  for (int y = 0; y < planes.height; ++y) {
    const std::uint8_t* from = picture.ptr<std::uint8_t>(y);
    const std::size_t at = static_cast<std::size_t>(y) * planes.row * planes.pixel_step;
    float* const to0 = planes.to[0] + at;
    float* const to1 = planes.to[1] + at;
    float* const to2 = planes.to[2] + at;
    for (std::size_t x = 0; x < planes.width; ++x, from += 3) {
      to0[x * planes.pixel_step] = values[0][from[planes.from[0]]];
      to1[x * planes.pixel_step] = values[1][from[planes.from[1]]];
      to2[x * planes.pixel_step] = values[2][from[planes.from[2]]];
    }
  }
}

void normalise_floats(const cv::Mat& picture, const ImagePreprocess& p, const Planes& planes) {
  for (int y = 0; y < planes.height; ++y) {  // row by row, which stays in the cache for all channels
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const float* from = picture.ptr<float>(y) + planes.from[channel];
      float* to = planes.to[channel] + static_cast<std::size_t>(y) * planes.row * planes.pixel_step;
      Normalise(p, channel).with([&](const auto& value) {
        for (std::size_t x = 0; x < planes.width; ++x) to[x * planes.pixel_step] = value(from[x * 3]);
      });
    }
  }
}

// Sizes before they are cut down to max_side: of the picture as resized, and of the network's input.
struct Sizes {
  double width = 0;
  double height = 0;
  double content_width = 0;
  double content_height = 0;

  double longer() const { return std::max(width, height); }
};

Sizes without_padding(double width, double height) { return {width, height, width, height}; }

// Each rule's formula is kept in its own order of operations: its last bit decides where a side is rounded
// to.
Sizes sizes_for(int width, int height, const ImagePreprocess& p) {
  const double multiple = p.multiple_of;
  const double side = std::min(width, height);
  const double other = std::max(width, height);
  const bool wide = height < width;
  const auto to_multiple = [&](double x) { return std::max(1.0, std::nearbyint(x / multiple)) * multiple; };
  const auto upright = [&](double short_side, double long_side) {
    return wide ? without_padding(long_side, short_side) : without_padding(short_side, long_side);
  };
  switch (p.resize_rule) {
    case ResizeRule::kShortSideCeil:
      // A square's other side may come out one multiple longer, where S / side * side is a little above S.
      return upright(p.short_side, std::ceil(p.short_side / side * other / multiple) * multiple);
    case ResizeRule::kShortSideRound:
      return upright(to_multiple(p.short_side), to_multiple(p.short_side / side * other));
    case ResizeRule::kLimitSideRound: {
      double factor = 1;
      if (p.long_side > 0) {
        if (other > p.long_side) factor = p.long_side / other;
      } else if (side < p.short_side) {
        factor = p.short_side / side;
      }
      return without_padding(to_multiple(std::floor(width * factor)),
                             to_multiple(std::floor(height * factor)));
    }
    case ResizeRule::kKeepRatioPad: {
      double factor = p.short_side / side;
      if (p.long_side > 0) factor = std::min(p.long_side / other, factor);
      Sizes sizes;
      sizes.content_width = std::max(1.0, std::floor(width * factor + 0.5));
      sizes.content_height = std::max(1.0, std::floor(height * factor + 0.5));
      sizes.width = std::ceil(sizes.content_width / multiple) * multiple;
      sizes.height = std::ceil(sizes.content_height / multiple) * multiple;
      return sizes;
    }
  }
  fail_argument("preprocess: resize_rule is unknown");
}

Sizes capped(const Sizes& sizes, int width, int height, ImagePreprocess p, int max_side) {
  if (p.resize_rule == ResizeRule::kKeepRatioPad) {
    p.long_side = round_down(max_side, p.multiple_of);
    return sizes_for(width, height, p);
  }
  const auto cut = [&](double side) {
    return side == sizes.longer() ? round_down(max_side, p.multiple_of)
                                  : round_down(max_side / sizes.longer() * side, p.multiple_of);
  };
  return without_padding(cut(sizes.width), cut(sizes.height));
}

}  // namespace

ImagePreprocess with_short_side(ImagePreprocess p, int size) {
  if (p.resize_rule == ResizeRule::kLimitSideRound) {
    p.resize_rule = ResizeRule::kShortSideRound;
    p.long_side = 0;
  } else if (p.long_side > 0 && size > p.short_side && p.short_side > 0) {
    const double grown = std::ceil(static_cast<double>(p.long_side) * size / p.short_side);
    p.long_side = static_cast<int>(std::min<double>(grown, std::numeric_limits<int>::max()));
  }
  p.short_side = size;
  return p;
}

InputSize input_size(int width, int height, const ImagePreprocess& p, int max_side) {
  check_parameters(p, max_side);
  Sizes sizes = sizes_for(width, height, p);
  if (max_side > 0 && sizes.longer() > max_side) sizes = capped(sizes, width, height, p, max_side);
  const double pixels = sizes.width * sizes.height;
  const double most = std::max(kMostInputPixels, 2.0 * width * height);
  if (pixels > most || pixels * 3 > std::numeric_limits<int>::max()) {
    fail_argument(core::message("preprocess: a picture of ", width, "x", height, " becomes an input of ",
                                static_cast<std::int64_t>(sizes.width), "x",
                                static_cast<std::int64_t>(sizes.height),
                                ", which is too large; cap it with max_side or crop the picture"));
  }
  return {static_cast<int>(sizes.width), static_cast<int>(sizes.height),
          static_cast<int>(sizes.content_width), static_cast<int>(sizes.content_height)};
}

void preprocess_into(Tensor& input, const Image& image, const ImagePreprocess& p, int max_side,
                     Layout layout) {
  check_image(image);
  const InputSize size = input_size(image.width, image.height, p, max_side);
  const cv::Mat resized =
      guard_opencv("resize the picture", [&] { return resize(image, p.resize_pixel_type, size); });

  const Shape shape{1, 3, size.height, size.width};
  if (input.data() == nullptr || !(input.shape() == shape) || input.layout() != layout)
    input = Tensor(shape, layout);
  Planes planes;
  planes.width = static_cast<std::size_t>(size.content_width);
  planes.height = size.content_height;
  planes.row = static_cast<std::size_t>(size.width);
  const std::size_t plane = planes.row * static_cast<std::size_t>(size.height);
  if (size.content_width < size.width || size.content_height < size.height) {
    std::fill(input.data(), input.data() + 3 * plane, 0.0F);
  }
  planes.pixel_step = layout == Layout::kNHWC ? 3 : 1;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    planes.to[channel] = input.data() + channel * (layout == Layout::kNHWC ? 1 : plane);
    planes.from[channel] = p.channel_order == ChannelOrder::kBGR ? channel : 2 - channel;
  }
  if (resized.depth() == CV_8U) {
    normalise_bytes(resized, p, planes);
  } else {
    normalise_floats(resized, p, planes);
  }
}

Tensor preprocess_image(const Image& image, const ImagePreprocess& p, int max_side, Layout layout) {
  Tensor input;
  preprocess_into(input, image, p, max_side, layout);
  return input;
}

}  // namespace models

Tensor preprocess_image(const Image& image, const ImagePreprocess& parameters, int max_side) {
  return models::preprocess_image(image, parameters, max_side, Layout::kNCHW);
}

}  // namespace pliant

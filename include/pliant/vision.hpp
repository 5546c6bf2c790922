// What a model file says about the pictures that go in and the text regions that come out.
// The file's own definitions are in schema/model.fbs; the fields mean the same.
#pragma once

#include <array>

namespace pliant {

enum class ChannelOrder { kBGR, kRGB };

/// How the network's input size follows from the picture's; S = short_side, L = long_side, M = multiple_of.
/// Sizes are computed in double precision; round() takes halves to the even neighbour.
enum class ResizeRule {
  /// The short side becomes S, the other int(ceil(S / short * long / M) * M): MhLiao/DB, EasyOCR.
  kShortSideCeil,
  /// Scaled by min(L / long, S / short) to int(side * scale + 0.5), then zeros on the right and below up to
  /// multiples of M: MMOCR. L = 0: no limit.
  kKeepRatioPad,
  /// The short side becomes round(S / M) * M, the other round(S / short * long / M) * M: WenmuZhou.
  kShortSideRound,
  /// Scaled by f = min(1, L / long) where L > 0, else by f = max(1, S / short); each side becomes
  /// max(M, round(int(side * f) / M) * M): PaddleOCR.
  kLimitSideRound,
};

/// The pixel type while resizing: OpenCV rounds uint8 pixels, float32 pixels keep their fractions.
enum class PixelType { kUint8, kFloat32 };

/// In which order and precision (pixel - mean) / scale / std is computed; the results differ in their last
/// bits. f() rounds to float32, m = f(mean / scale).
enum class Arithmetic {
  kCentreDouble,  ///< f(f(f(pixel - mean) / f(scale)) / std)
  kDoubleOnce,    ///< f((pixel - mean) / scale / std)
  kCentreSingle,  ///< f(f(f(pixel - f(mean)) / f(scale)) / f(std))
  kScaleSingle,   ///< f(f(f(pixel / f(scale)) - m) / f(std))
  kFactorSingle,  ///< f(f(f(pixel * f(1 / scale)) - m) / f(std))
};

/// value = (pixel - mean[c]) / scale / std[c]. Resizing is OpenCV's bilinear.
struct ImagePreprocess {
  ChannelOrder channel_order = ChannelOrder::kBGR;
  ResizeRule resize_rule = ResizeRule::kShortSideCeil;
  PixelType resize_pixel_type = PixelType::kFloat32;
  int short_side = 736;
  int multiple_of = 32;
  std::array<double, 3> mean{0, 0, 0};  ///< in channel_order
  double scale = 255;
  std::array<double, 3> std{1, 1, 1};  ///< in channel_order
  int long_side = 0;                   ///< 0 = none
  Arithmetic arithmetic = Arithmetic::kCentreDouble;
};

/// Which project's post-processing; they differ in details that decide boxes.
enum class BoxRule { kMhLiao, kMmocr, kWenmuZhou, kPaddle, kEasyOcr, kMmocr0x };

struct TextPostprocess {
  BoxRule rule = BoxRule::kMhLiao;
  int output = 0;                     ///< index of the model's output that holds the probability map
  double thresh = 0.3;                ///< a pixel is text where p > thresh
  double box_thresh = 0.7;            ///< a region is dropped where its mean p is below
  double unclip_ratio = 1.5;          ///< of quads
  double polygon_unclip_ratio = 2.0;  ///< of polygons
  int max_candidates = 1000;          ///< 0 = no limit
  double min_size = 3;                ///< short side in pixels of the map; + 2 after unclipping
  double polygon_epsilon = 0.002;     ///< approxPolyDP's tolerance as a share of the arc length
  bool dilate = false;                ///< grow the text pixels by a 2x2 square first
  /// The mean p is that inside the outline as found, not inside the box or the simplified polygon. The rule
  /// of WenmuZhou does so anyway.
  bool score_outline = false;
};

}  // namespace pliant

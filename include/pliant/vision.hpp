// What a model file says about the pictures that go in and the text regions that come out.
// The file's own definitions are in schema/model.fbs; the fields mean the same.
#pragma once

#include <array>

namespace pliant {

enum class ChannelOrder { kBGR, kRGB };

/// short_side_ceil: the short side becomes short_side pixels, the other int(ceil(short_side / short * long /
/// multiple_of) * multiple_of), computed in double precision, as MhLiao/DB's demo.py does.
enum class ResizeRule { kShortSideCeil };

/// The pixel type while resizing: OpenCV rounds uint8 pixels, float32 pixels keep their fractions.
enum class PixelType { kUint8, kFloat32 };

/// value = float(double(pixel) - mean[c]) / scale / std[c]. Resizing is OpenCV's bilinear.
struct ImagePreprocess {
  ChannelOrder channel_order = ChannelOrder::kBGR;
  ResizeRule resize_rule = ResizeRule::kShortSideCeil;
  PixelType resize_pixel_type = PixelType::kFloat32;
  int short_side = 736;
  int multiple_of = 32;
  std::array<double, 3> mean{0, 0, 0};  ///< in channel_order
  double scale = 255;
  std::array<double, 3> std{1, 1, 1};  ///< in channel_order
};

/// Which project's post-processing; they differ in details that decide boxes.
enum class BoxRule { kMhLiao };

struct TextPostprocess {
  BoxRule rule = BoxRule::kMhLiao;
  int output = 0;                     ///< index of the model's output that holds the probability map
  double thresh = 0.3;                ///< a pixel is text where p > thresh
  double box_thresh = 0.7;            ///< a region is dropped where its mean p is below
  double unclip_ratio = 1.5;          ///< of quads
  double polygon_unclip_ratio = 2.0;  ///< of polygons
  int max_candidates = 1000;
  double min_size = 3;             ///< short side in pixels of the map; + 2 after unclipping
  double polygon_epsilon = 0.002;  ///< approxPolyDP's tolerance as a share of the arc length
};

}  // namespace pliant

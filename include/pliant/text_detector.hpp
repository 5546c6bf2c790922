// Text detection: a picture in, text regions out. The component Pliant::text (libpliant_text).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pliant/export.hpp"
#include "pliant/model.hpp"
#include "pliant/session.hpp"
#include "pliant/tensor.hpp"

namespace pliant {

/// 8-bit BGR pixels, row-major, as OpenCV's imread(IMREAD_COLOR) gives them.
struct Image {
  int width = 0;                     ///< pixels
  int height = 0;                    ///< pixels
  std::vector<std::uint8_t> pixels;  ///< height * width * 3
};

struct DecodeOptions {
  /// Greatest width * height; checked from the header, before anything is allocated.
  std::uint64_t max_pixels = 100'000'000;
};

/// JPEG, PNG, BMP, GIF (first frame), binary PGM and PPM. EXIF orientation is applied; 16 bits are reduced to
/// 8, grey is spread to three channels and alpha is dropped, as imread does. `name` is used in messages.
/// Throws kInvalidImage, kIo.
PLIANT_API Image decode_image(std::span<const std::byte> file, const std::string& name = "picture",
                              const DecodeOptions& options = {});
PLIANT_API Image load_image(const std::string& path, const DecodeOptions& options = {});

struct Point {
  double x = 0;
  double y = 0;
};

/// A text region in pixels of the source picture; (0, 0) is the picture's upper left corner. The rules of
/// MMOCR neither round nor clip: their points may have fractions and lie outside of the picture.
struct TextRegion {
  std::vector<Point> points;  ///< 4 for quads (from the upper left, clockwise; MMOCR: in OpenCV's order)
  double score = 0;           ///< mean probability inside, 0..1
};

enum class RegionShape { kQuads, kPolygons };

/// Text regions of a probability map [H, W] (row-major, values 0..1), scaled to source_width x source_height.
/// Throws kInvalidArgument for an empty map or parameters out of range.
PLIANT_API std::vector<TextRegion> find_text_regions(std::span<const float> map, int map_height,
                                                     int map_width, int source_height, int source_width,
                                                     const TextPostprocess& parameters, RegionShape shape);

/// The network's input for a picture, 1x3xHxW in NCHW. `max_side` > 0 caps the longer side: the size is then
/// scaled down and rounded down to the multiple. Throws kInvalidArgument, also before anything is allocated
/// for an input of more than 100 megapixels that has more than twice the picture's: a narrow strip scaled up.
PLIANT_API Tensor preprocess_image(const Image& image, const ImagePreprocess& parameters, int max_side = 0);

/// Draws regions over a picture: outlined, lightly filled and numbered in the order given. For people, not
/// for parsing.
PLIANT_API void draw_text_regions(Image& image, std::span<const TextRegion> regions);

/// Writes a picture; the format follows the extension: .png, .jpg, .jpeg, .bmp. The file appears whole or not
/// at all. Throws kIo, kInvalidArgument.
PLIANT_API void save_image(const Image& image, const std::string& path);

struct TextDetectorOptions {
  SessionOptions session = {};
  RegionShape shape = RegionShape::kQuads;
  std::optional<double> thresh = {};  ///< overrides of what the model file says
  std::optional<double> box_thresh = {};
  std::optional<double> unclip_ratio = {};  ///< of the shape in use
  std::optional<int> max_candidates = {};
  /// Pictures get a short side of so many pixels; a limit of sizes in the model's resize rule gives way.
  std::optional<int> short_side = {};
  int max_side = 0;  ///< cap for the longer side of the network's input; 0 = none
};

/// Time of the parts of one detection, in milliseconds.
struct DetectTimes {
  double preprocess_ms = 0;
  double network_ms = 0;
  double postprocess_ms = 0;
};

/// A model whose file carries pre- and post-processing, ready for pictures. One caller at a time; make one
/// detector a thread, all from the same Model.
class PLIANT_API TextDetector {
 public:
  /// Throws kInvalidModel where the model has no pre- or post-processing parameters, and as Session does.
  explicit TextDetector(const Model& model, const TextDetectorOptions& options = {});
  ~TextDetector();
  TextDetector(TextDetector&&) noexcept;
  TextDetector& operator=(TextDetector&&) noexcept;

  std::vector<TextRegion> detect(const Image& image, DetectTimes* times = nullptr);
  /// The probability map [1,1,h,w] of the last picture.
  Tensor probability_map() const;
  /// For cancel(), trim(), profile().
  Session& session() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pliant

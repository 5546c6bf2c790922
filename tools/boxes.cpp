// pliant boxes: the post-processing alone, from a probability map.
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "core/format.hpp"
#include "pliant/text_detector.hpp"
#include "tools/cli_common.hpp"
#include "tools/npy.hpp"
#include "tools/result_writer.hpp"
#include "tools/vision_words.hpp"

namespace pliant::tools {
namespace {

struct BoxesArguments {
  std::string map;
  std::optional<Size> source_size;
  BoxOptions boxes;
  BoxRule rule = BoxRule::kMhLiao;
  std::optional<double> min_size;
  std::optional<double> polygon_epsilon;
  bool dilate = false;
  bool score_outline = false;
  Format format = Format::kJson;
  std::string output = "-";
};

void describe_arguments(CLI::App& app, BoxesArguments& arguments) {
  app.add_option("MAP", arguments.map,
                 "Probability map, float32 .npy of shape HxW, 1xHxW or 1x1xHxW; - for standard input")
      ->required()
      ->type_name("FILE");
  add_size(app, "--source-size", arguments.source_size,
           "Size of the picture to which the regions are scaled (default: the map's)");
  add_choice(
      app, "--rule", box_rule_names(),
      [&](std::size_t index) { arguments.rule = static_cast<BoxRule>(index); },
      "The project whose post-processing to follow, with its usual parameters (default: mhliao)");
  add_box_options(app, arguments.boxes);
  add_number(
      app, "--min-size", 0, 1e6, [&](double x) { arguments.min_size = x; },
      "Drop regions whose short side has fewer pixels of the map");
  add_number(
      app, "--polygon-epsilon", 0, 1, [&](double x) { arguments.polygon_epsilon = x; },
      "Simplify outlines by this share of their length");
  app.add_flag("--dilate", arguments.dilate, "Grow the text pixels by a 2x2 square first");
  app.add_flag("--score-outline", arguments.score_outline,
               "Take the mean probability inside the outline as found, not inside the box");
  add_choice(
      app, "--format", format_names(),
      [&](std::size_t index) { arguments.format = static_cast<Format>(index); }, kFormatHelp);
  app.add_option("--output", arguments.output, "Where the regions go (default: standard output)")
      ->type_name("FILE");
  app.footer("Example: pliant boxes map.npy --source-size 1080x1920 --box-thresh 0.5");
}

TextPostprocess parameters_for(const BoxesArguments& arguments) {
  TextPostprocess parameters = usual_postprocess(arguments.rule);
  const BoxOptions& boxes = arguments.boxes;
  if (boxes.thresh) parameters.thresh = *boxes.thresh;
  if (boxes.box_thresh) parameters.box_thresh = *boxes.box_thresh;
  if (boxes.unclip_ratio) {
    (boxes.polygons ? parameters.polygon_unclip_ratio : parameters.unclip_ratio) = *boxes.unclip_ratio;
  }
  if (boxes.max_candidates) parameters.max_candidates = *boxes.max_candidates;
  if (arguments.min_size) parameters.min_size = *arguments.min_size;
  if (arguments.polygon_epsilon) parameters.polygon_epsilon = *arguments.polygon_epsilon;
  parameters.dilate = arguments.dilate;
  parameters.score_outline = arguments.score_outline;
  return parameters;
}

// Height and width of a map, whatever leading axes of size 1 it has.
Size map_size(const std::string& name, const Shape& shape) {
  bool fits = shape.rank() >= 2 && shape.rank() <= 4;
  for (int axis = 0; fits && axis < shape.rank() - 2; ++axis) fits = shape[axis] == 1;
  if (!fits) {
    throw Error(ErrorCode::kInvalidArgument, core::message(name,
                                                           ": a probability map has the shape HxW, 1xHxW or "
                                                           "1x1xHxW, not ",
                                                           shape.to_string()));
  }
  const Size size{shape[shape.rank() - 2], shape[shape.rank() - 1]};
  constexpr std::int64_t kMax = std::numeric_limits<int>::max();
  if (size.height > kMax || size.width > kMax) {
    throw Error(ErrorCode::kInvalidArgument,
                core::message(name, ": the map ", shape.to_string(), " is too large"));
  }
  return size;
}

}  // namespace

int boxes(int argc, const char* const* argv) {
  BoxesArguments arguments;
  CLI::App app("Find text regions in a probability map, as detect does behind the network.", "pliant boxes");
  describe_arguments(app, arguments);
  if (!parse(app, argc, argv)) return kSuccess;

  ResultWriter writer({arguments.format, arguments.output, {arguments.map}, false});
  const NpyArray map = read_npy(arguments.map);
  const Size size = map_size(arguments.map, map.shape);
  const Size source = arguments.source_size.value_or(size);

  PictureResult result;
  result.picture = arguments.map;
  result.width = static_cast<int>(source.width);
  result.height = static_cast<int>(source.height);
  try {
    result.regions = find_text_regions(
        map.values, static_cast<int>(size.height), static_cast<int>(size.width), result.height, result.width,
        parameters_for(arguments), arguments.boxes.polygons ? RegionShape::kPolygons : RegionShape::kQuads);
  } catch (const Error& error) {
    throw Error(error.code(), core::message(arguments.map, ": ", error.what()));
  }
  writer.add(0, result);
  writer.finish();
  return kSuccess;
}

}  // namespace pliant::tools

// pliant inspect: what a model file holds and what running it takes.
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/format.hpp"
#include "pliant/model.hpp"
#include "pliant/session.hpp"
#include "tools/cli_common.hpp"
#include "tools/console.hpp"
#include "tools/model_shapes.hpp"
#include "tools/table.hpp"
#include "tools/vision_words.hpp"

namespace pliant::tools {
namespace {

using Json = nlohmann::ordered_json;
using Align = Table::Align;

Json ports_json(const std::vector<PortInfo>& ports) {
  Json list = Json::array();
  for (const PortInfo& port : ports) {
    list.push_back({{"name", port.name}, {"shape", port.shape}, {"multiple_of", port.multiple_of}});
  }
  return list;
}

Json preprocess_json(const ImagePreprocess& p) {
  return {{"channel_order", word(p.channel_order)},
          {"resize_rule", word(p.resize_rule)},
          {"resize_pixel_type", word(p.resize_pixel_type)},
          {"short_side", p.short_side},
          {"long_side", p.long_side},
          {"multiple_of", p.multiple_of},
          {"mean", p.mean},
          {"scale", p.scale},
          {"std", p.std},
          {"arithmetic", word(p.arithmetic)}};
}

Json postprocess_json(const TextPostprocess& p) {
  return {{"rule", word(p.rule)},
          {"output", p.output},
          {"thresh", p.thresh},
          {"box_thresh", p.box_thresh},
          {"unclip_ratio", p.unclip_ratio},
          {"polygon_unclip_ratio", p.polygon_unclip_ratio},
          {"max_candidates", p.max_candidates},
          {"min_size", p.min_size},
          {"polygon_epsilon", p.polygon_epsilon},
          {"dilate", p.dilate},
          {"score_outline", p.score_outline}};
}

Json plan_json(const PlanSummary& plan, const std::vector<Shape>& shapes) {
  Json layers = Json::array();
  for (const LayerSummary& layer : plan.layers) {
    layers.push_back({{"name", layer.name},
                      {"layer", layer.layer},
                      {"algorithm", layer.algorithm},
                      {"details", layer.details},
                      {"inputs", sizes_of(layer.inputs)},
                      {"outputs", sizes_of(layer.outputs)},
                      {"parameters", layer.parameters},
                      {"macs", layer.macs},
                      {"bytes", layer.bytes}});
  }
  return {{"inputs", sizes_of(shapes)},
          {"outputs", sizes_of(plan.outputs)},
          {"macs", plan.macs},
          {"arena_bytes", plan.arena_bytes},
          {"packed_weight_bytes", plan.packed_weight_bytes},
          {"layers", std::move(layers)}};
}

std::string as_json(const Model& model, const PlanSummary& plan, const std::vector<Shape>& shapes) {
  const ModelInfo& info = model.info();
  Json json = {{"name", info.name},
               {"format", core::message(info.version_major, ".", info.version_minor)},
               {"file_bytes", info.file_bytes},
               {"weight_bytes", info.weight_bytes},
               {"weight_dtype", info.weight_dtype},
               {"parameters", info.parameters},
               {"nodes", info.nodes},
               {"provenance",
                {{"recipe", info.provenance.recipe},
                 {"converter_version", info.provenance.converter_version},
                 {"source_file", info.provenance.source_file},
                 {"source_sha256", info.provenance.source_sha256}}},
               {"inputs", ports_json(model.inputs())},
               {"outputs", ports_json(model.outputs())},
               {"preprocess", nullptr},
               {"postprocess", nullptr}};
  if (model.preprocess()) json["preprocess"] = preprocess_json(*model.preprocess());
  if (model.postprocess()) json["postprocess"] = postprocess_json(*model.postprocess());
  json["plan"] = plan_json(plan, shapes);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string triple(const std::array<double, 3>& values) {
  return core::message("(", rounded(values[0]), " ", rounded(values[1]), " ", rounded(values[2]), ")");
}

std::string size_text(const ImagePreprocess& p) {
  switch (p.resize_rule) {
    case ResizeRule::kShortSideCeil:
      return core::message("short side ", p.short_side, ", the other up to a multiple of ", p.multiple_of);
    case ResizeRule::kKeepRatioPad:
      return core::message("short side ", p.short_side,
                           p.long_side > 0 ? core::message(", long side ", p.long_side, " at most") : "",
                           ", padded to multiples of ", p.multiple_of);
    case ResizeRule::kShortSideRound:
      return core::message("short side ", p.short_side, ", rounded to multiples of ", p.multiple_of);
    case ResizeRule::kLimitSideRound:
      return core::message(p.long_side > 0 ? core::message("long side ", p.long_side, " at most")
                                           : core::message("short side ", p.short_side, " at least"),
                           ", rounded to multiples of ", p.multiple_of);
  }
  return "";
}

std::string preprocess_text(const ImagePreprocess& p) {
  const bool scaled = p.scale != 1.0;
  const bool divided = p.std != std::array<double, 3>{1.0, 1.0, 1.0};
  return core::message(size_text(p), ", resized as ", word(p.resize_pixel_type), ", ", word(p.channel_order),
                       " minus ", triple(p.mean), scaled ? core::message(", / ", rounded(p.scale)) : "",
                       divided ? ", / " + triple(p.std) : "");
}

std::string postprocess_text(const TextPostprocess& p) {
  return core::message("as ", word(p.rule), " does, thresh ", shortest(p.thresh), ", box thresh ",
                       shortest(p.box_thresh), ", unclip ratio ", shortest(p.unclip_ratio), " (polygons ",
                       shortest(p.polygon_unclip_ratio), "), outlines simplified by ",
                       shortest(p.polygon_epsilon), ", ",
                       p.max_candidates > 0 ? core::message("at most ", p.max_candidates, " candidates")
                                            : "any number of candidates",
                       ", min size ", shortest(p.min_size), p.dilate ? ", dilated" : "",
                       p.score_outline ? ", scored inside the outline" : "");
}

// What the file says of itself.
std::string facts_text(const Model& model) {
  const ModelInfo& info = model.info();
  Table facts({{""}, {""}});
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) facts.add({name, value});
  };
  add("model", info.name);
  add("recipe", info.provenance.recipe);
  add("source", info.provenance.source_file);
  add("sha256", info.provenance.source_sha256);
  add("converter", info.provenance.converter_version);
  add("format", core::message(info.version_major, ".", info.version_minor));
  add("file", core::message(bytes_text(info.file_bytes), ", weights ", bytes_text(info.weight_bytes),
                            info.weight_dtype.empty() ? "" : " as ", info.weight_dtype));
  add("parameters", grouped(info.parameters));
  for (const PortInfo& port : model.inputs()) add("input", port.name + "  " + port_text(port));
  for (const PortInfo& port : model.outputs()) add("output", port.name + "  " + port_text(port));
  if (model.preprocess()) add("pictures", preprocess_text(*model.preprocess()));
  if (model.postprocess()) add("boxes", postprocess_text(*model.postprocess()));
  return facts.text();
}

std::string plan_text(const PlanSummary& plan, const std::vector<Shape>& shapes, const std::string& device) {
  Table layers({{"#", Align::kRight},
                {"node"},
                {"layer"},
                {"details"},
                {"algorithm"},
                {"output"},
                {"parameters", Align::kRight},
                {"MACs", Align::kRight},
                {"bytes", Align::kRight}});
  std::uint64_t bytes = 0;
  std::size_t deformable = 0;
  std::size_t flat = 0;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    const LayerSummary& layer = plan.layers[i];
    bytes += layer.bytes;
    if (layer.layer == "deform_conv2d") {
      ++deformable;
      if (layer.details.find("flat_prefix") != std::string::npos) ++flat;
    }
    layers.add({std::to_string(i), layer.name, layer.layer, layer.details, layer.algorithm,
                shapes_text(layer.outputs), layer.parameters > 0 ? grouped(layer.parameters) : "",
                layer.macs > 0 ? scaled(static_cast<double>(layer.macs)) : "", bytes_text(layer.bytes)});
  }
  Table totals({{""}, {""}});
  totals.add({"layers", std::to_string(plan.layers.size())});
  if (deformable > 0) {
    totals.add(
        {"deformable", core::message(deformable, deformable == 1 ? " convolution, " : " convolutions, ", flat,
                                     flat == 1 ? " reads its" : " read their", " offsets as flat_prefix")});
  }
  totals.add({"MACs", scaled(static_cast<double>(plan.macs))});
  totals.add({"traffic", bytes_text(bytes) + " if every layer reads and writes memory once"});
  totals.add({"arena", bytes_text(plan.arena_bytes) + " for intermediate values and workspace"});
  if (plan.packed_weight_bytes > 0)
    totals.add({"packed", bytes_text(plan.packed_weight_bytes) + " of weights"});
  return core::message("\nFor input ", shapes_text(shapes), " -> ", shapes_text(plan.outputs), " on ", device,
                       ":\n\n", layers.text(), "\n", totals.text());
}

}  // namespace

int inspect(int argc, const char* const* argv) {
  std::string path;
  bool json = false;
  std::optional<Size> size;
  std::optional<std::int64_t> batch;
  CLI::App app("Show what a model file holds and what running it takes.", "pliant inspect");
  app.add_option("MODEL", path, "Model file (*.pliant)")->required()->type_name("FILE");
  add_size(app, "--size", size, "Input size in pixels (default: what the model's pictures have, square)");
  add_integer(
      app, "--batch", 1, 1 << 20, [&](std::int64_t n) { batch = n; }, "Pictures at once (default: 1)");
  app.add_flag("--json", json, "As JSON");
  app.footer("Example: pliant inspect slim-db.pliant --size 736x1280");
  if (!parse(app, argc, argv)) return kSuccess;

  const Model model = Model::load(path);
  const std::vector<Shape> shapes = input_shapes(model, size, batch);
  SessionOptions options;
  options.device = Device::cpu();
  Session session(model, options);
  const PlanSummary plan = session.describe(shapes);
  print(json ? as_json(model, plan, shapes)
             : facts_text(model) + plan_text(plan, shapes, session.device_name()));
  return kSuccess;
}

}  // namespace pliant::tools

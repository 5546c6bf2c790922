// Pre- and post-processing parameters of a model file.
#include <cmath>

#include "core/format.hpp"
#include "pliant/error.hpp"
#include "runtime/graph/loader.hpp"

namespace pliant::runtime {
namespace {

template <class... Ts>
[[noreturn]] void fail(const Ts&... parts) {
  throw Error(ErrorCode::kInvalidModel, core::message("model: ", parts...));
}

void check_range(std::string_view name, double value, double least, double most) {
  if (!(value >= least && value <= most)) fail(name, " is ", value, ", expected ", least, " to ", most);
}

std::array<double, 3> load_channels(std::string_view name, const flatbuffers::Vector<double>* values,
                                    double absent) {
  if (values == nullptr) return {absent, absent, absent};
  if (values->size() != 3) fail("preprocess.", name, " has ", values->size(), " numbers, expected 3");
  for (const double v : *values)
    if (!std::isfinite(v)) fail("preprocess.", name, " is not finite");
  return {values->Get(0), values->Get(1), values->Get(2)};
}

}  // namespace

std::optional<ImagePreprocess> load_preprocess(const schema::Model& model) {
  const schema::ImagePreprocess* table = model.preprocess();
  if (table == nullptr) return std::nullopt;
  ImagePreprocess result;
  switch (table->channel_order()) {
    case schema::ChannelOrder::bgr:
      result.channel_order = ChannelOrder::kBGR;
      break;
    case schema::ChannelOrder::rgb:
      result.channel_order = ChannelOrder::kRGB;
      break;
    default:
      fail("preprocess.channel_order ", static_cast<int>(table->channel_order()), " is unknown");
  }
  if (table->resize_rule() != schema::ResizeRule::short_side_ceil)
    fail("preprocess.resize_rule ", static_cast<int>(table->resize_rule()), " is unknown");
  if (table->interpolation() != schema::Interpolation::bilinear)
    fail("preprocess.interpolation ", static_cast<int>(table->interpolation()), " is unknown");
  switch (table->resize_pixel_type()) {
    case schema::PixelType::uint8:
      result.resize_pixel_type = PixelType::kUint8;
      break;
    case schema::PixelType::float32:
      result.resize_pixel_type = PixelType::kFloat32;
      break;
    default:
      fail("preprocess.resize_pixel_type ", static_cast<int>(table->resize_pixel_type()), " is unknown");
  }
  check_range("preprocess.short_side", table->short_side(), 1, 1 << 15);
  check_range("preprocess.multiple_of", table->multiple_of(), 1, 1 << 12);
  result.short_side = table->short_side();
  result.multiple_of = table->multiple_of();
  result.mean = load_channels("mean", table->mean(), 0);
  result.std = load_channels("std", table->std(), 1);
  result.scale = table->scale();
  if (!std::isfinite(result.scale) || result.scale == 0) fail("preprocess.scale is ", result.scale);
  for (const double v : result.std)
    if (v == 0) fail("preprocess.std is 0");
  return result;
}

std::optional<TextPostprocess> load_postprocess(const schema::Model& model) {
  const schema::TextPostprocess* table = model.postprocess();
  if (table == nullptr) return std::nullopt;
  if (table->rule() != schema::BoxRule::mhliao)
    fail("postprocess.rule ", static_cast<int>(table->rule()), " is unknown");
  TextPostprocess result;
  check_range("postprocess.output", table->output(), 0, static_cast<double>(model.outputs()->size()) - 1);
  check_range("postprocess.thresh", table->thresh(), 0, 1);
  check_range("postprocess.box_thresh", table->box_thresh(), 0, 1);
  check_range("postprocess.unclip_ratio", table->unclip_ratio(), 0, 100);
  check_range("postprocess.polygon_unclip_ratio", table->polygon_unclip_ratio(), 0, 100);
  check_range("postprocess.max_candidates", table->max_candidates(), 1, 1 << 24);
  check_range("postprocess.min_size", table->min_size(), 0, 1 << 15);
  check_range("postprocess.polygon_epsilon", table->polygon_epsilon(), 0, 1);
  result.output = table->output();
  result.thresh = table->thresh();
  result.box_thresh = table->box_thresh();
  result.unclip_ratio = table->unclip_ratio();
  result.polygon_unclip_ratio = table->polygon_unclip_ratio();
  result.max_candidates = table->max_candidates();
  result.min_size = table->min_size();
  result.polygon_epsilon = table->polygon_epsilon();
  return result;
}

}  // namespace pliant::runtime

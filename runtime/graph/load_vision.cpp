// Pre- and post-processing parameters of a model file.
#include <array>
#include <cmath>
#include <utility>

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

/// The members of an enum in both languages, in the schema's order. Unknown numbers are errors: the meaning
/// of the picture or of the boxes hangs on them.
template <class To, class From, std::size_t N>
To load_enum(std::string_view name, From value, const std::array<std::pair<From, To>, N>& members) {
  for (const auto& [from, to] : members)
    if (from == value) return to;
  fail(name, " ", static_cast<int>(value), " is unknown");
}

constexpr std::array kChannelOrders{std::pair{schema::ChannelOrder::bgr, ChannelOrder::kBGR},
                                    std::pair{schema::ChannelOrder::rgb, ChannelOrder::kRGB}};
constexpr std::array kResizeRules{
    std::pair{schema::ResizeRule::short_side_ceil, ResizeRule::kShortSideCeil},
    std::pair{schema::ResizeRule::keep_ratio_pad, ResizeRule::kKeepRatioPad},
    std::pair{schema::ResizeRule::short_side_round, ResizeRule::kShortSideRound},
    std::pair{schema::ResizeRule::limit_side_round, ResizeRule::kLimitSideRound}};
constexpr std::array kPixelTypes{std::pair{schema::PixelType::uint8, PixelType::kUint8},
                                 std::pair{schema::PixelType::float32, PixelType::kFloat32}};
constexpr std::array kArithmetics{std::pair{schema::Arithmetic::centre_double, Arithmetic::kCentreDouble},
                                  std::pair{schema::Arithmetic::double_once, Arithmetic::kDoubleOnce},
                                  std::pair{schema::Arithmetic::centre_single, Arithmetic::kCentreSingle},
                                  std::pair{schema::Arithmetic::scale_single, Arithmetic::kScaleSingle},
                                  std::pair{schema::Arithmetic::factor_single, Arithmetic::kFactorSingle}};
constexpr std::array kBoxRules{std::pair{schema::BoxRule::mhliao, BoxRule::kMhLiao},
                               std::pair{schema::BoxRule::mmocr, BoxRule::kMmocr},
                               std::pair{schema::BoxRule::wenmuzhou, BoxRule::kWenmuZhou},
                               std::pair{schema::BoxRule::paddle, BoxRule::kPaddle},
                               std::pair{schema::BoxRule::easyocr, BoxRule::kEasyOcr},
                               std::pair{schema::BoxRule::mmocr_0x, BoxRule::kMmocr0x}};

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
  result.channel_order = load_enum("preprocess.channel_order", table->channel_order(), kChannelOrders);
  result.resize_rule = load_enum("preprocess.resize_rule", table->resize_rule(), kResizeRules);
  if (table->interpolation() != schema::Interpolation::bilinear)
    fail("preprocess.interpolation ", static_cast<int>(table->interpolation()), " is unknown");
  result.resize_pixel_type =
      load_enum("preprocess.resize_pixel_type", table->resize_pixel_type(), kPixelTypes);
  result.arithmetic = load_enum("preprocess.arithmetic", table->arithmetic(), kArithmetics);
  check_range("preprocess.short_side", table->short_side(), 1, 1 << 15);
  check_range("preprocess.multiple_of", table->multiple_of(), 1, 1 << 12);
  check_range("preprocess.long_side", table->long_side(), 0, 1 << 15);
  result.short_side = table->short_side();
  result.long_side = table->long_side();
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
  TextPostprocess result;
  result.rule = load_enum("postprocess.rule", table->rule(), kBoxRules);
  check_range("postprocess.output", table->output(), 0, static_cast<double>(model.outputs()->size()) - 1);
  check_range("postprocess.thresh", table->thresh(), 0, 1);
  check_range("postprocess.box_thresh", table->box_thresh(), 0, 1);
  check_range("postprocess.unclip_ratio", table->unclip_ratio(), 0, 100);
  check_range("postprocess.polygon_unclip_ratio", table->polygon_unclip_ratio(), 0, 100);
  check_range("postprocess.max_candidates", table->max_candidates(), 0, 1 << 24);
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
  result.dilate = table->dilate();
  result.score_outline = table->score_outline();
  return result;
}

}  // namespace pliant::runtime

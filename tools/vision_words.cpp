#include "tools/vision_words.hpp"

namespace pliant::tools {

const char* word(ChannelOrder order) noexcept { return order == ChannelOrder::kBGR ? "bgr" : "rgb"; }

const char* word(PixelType type) noexcept { return type == PixelType::kUint8 ? "uint8" : "float32"; }

const char* word(ResizeRule rule) noexcept {
  switch (rule) {
    case ResizeRule::kShortSideCeil:
      return "short_side_ceil";
    case ResizeRule::kKeepRatioPad:
      return "keep_ratio_pad";
    case ResizeRule::kShortSideRound:
      return "short_side_round";
    case ResizeRule::kLimitSideRound:
      return "limit_side_round";
  }
  return "?";
}

const char* word(Arithmetic arithmetic) noexcept {
  switch (arithmetic) {
    case Arithmetic::kCentreDouble:
      return "centre_double";
    case Arithmetic::kDoubleOnce:
      return "double_once";
    case Arithmetic::kCentreSingle:
      return "centre_single";
    case Arithmetic::kScaleSingle:
      return "scale_single";
    case Arithmetic::kFactorSingle:
      return "factor_single";
  }
  return "?";
}

const char* word(BoxRule rule) noexcept {
  switch (rule) {
    case BoxRule::kMhLiao:
      return "mhliao";
    case BoxRule::kMmocr:
      return "mmocr";
    case BoxRule::kWenmuZhou:
      return "wenmuzhou";
    case BoxRule::kPaddle:
      return "paddle";
    case BoxRule::kEasyOcr:
      return "easyocr";
    case BoxRule::kMmocr0x:
      return "mmocr_0x";
  }
  return "?";
}

std::vector<std::string> box_rule_names() {
  std::vector<std::string> names;
  for (const BoxRule rule : {BoxRule::kMhLiao, BoxRule::kMmocr, BoxRule::kWenmuZhou, BoxRule::kPaddle,
                             BoxRule::kEasyOcr, BoxRule::kMmocr0x}) {
    names.emplace_back(word(rule));
  }
  return names;
}

TextPostprocess usual_postprocess(BoxRule rule) noexcept {
  TextPostprocess usual;
  usual.rule = rule;
  switch (rule) {
    case BoxRule::kMhLiao:
      break;
    case BoxRule::kMmocr:
    case BoxRule::kMmocr0x:
      usual.box_thresh = 0.3;
      usual.polygon_unclip_ratio = 1.5;
      usual.max_candidates = 3000;
      usual.polygon_epsilon = 0.01;
      break;
    case BoxRule::kWenmuZhou:
      usual.polygon_unclip_ratio = 1.5;
      usual.polygon_epsilon = 0.005;
      break;
    case BoxRule::kPaddle:
      usual.box_thresh = 0.6;
      usual.polygon_unclip_ratio = 1.5;
      break;
    case BoxRule::kEasyOcr:
      usual.thresh = 0.2;
      usual.box_thresh = 0.2;
      usual.max_candidates = 0;
      break;
  }
  return usual;
}

}  // namespace pliant::tools

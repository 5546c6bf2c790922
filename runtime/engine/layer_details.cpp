#include "runtime/engine/layer_details.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/format.hpp"

namespace pliant::runtime {
namespace {

/// Words with spaces between them.
class Words {
 public:
  template <class... Ts>
  void add(const Ts&... parts) {
    if (!text_.empty()) text_ += ' ';
    text_ += core::message(parts...);
  }
  /// As add, but behind a comma: something else than the window begins.
  template <class... Ts>
  void begin(const Ts&... parts) {
    if (!text_.empty()) text_ += ',';
    add(parts...);
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

bool is(layers::Pair pair, int value) { return pair.h == value && pair.w == value; }

std::string size_text(layers::Pair pair) { return core::message(pair.h, "x", pair.w); }

/// One number where both are equal: "s2", "s2x1".
void add_pair(Words& words, std::string_view name, layers::Pair pair, int usual) {
  if (is(pair, usual)) return;
  if (pair.h == pair.w)
    words.add(name, pair.h);
  else
    words.add(name, size_text(pair));
}

template <class Numbers>
std::string list_text(const Numbers& numbers) {
  std::string text;
  for (const auto number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

/// Window, stride, padding, dilation of convolutions; `kernel` is the weight's height and width.
template <class Convolution>
void add_window(Words& words, const Convolution& layer, const layers::NodeContext& context) {
  const Shape& weight = context.weight(layer.weight).shape;
  words.add(weight[2], "x", weight[3]);
  add_pair(words, "s", layer.stride, 1);
  add_pair(words, "p", layer.padding, 0);
  add_pair(words, "d", layer.dilation, 1);
  if (layer.groups != 1) words.add("groups ", layer.groups);
}

void add_epilogue(Words& words, const layers::Epilogue& epilogue) {
  if (epilogue.residual) words.begin("+ residual");
  if (epilogue.activation == layers::Activation::kReLU) words.begin("relu");
  if (epilogue.activation == layers::Activation::kSigmoid) words.begin("sigmoid");
  if (epilogue.activation == layers::Activation::kHardswish) words.begin("hardswish");
  if (epilogue.activation == layers::Activation::kSwish) words.begin("swish");
  if (epilogue.scales()) words.begin("* ", epilogue.scale, " + ", epilogue.shift);
}

struct Describe {
  const layers::NodeContext& context;

  void operator()(Words& words, const layers::Conv2d& layer) const {
    add_window(words, layer, context);
    if (!is(layer.upsample, 1)) words.begin("input x", layer.upsample.h, ",", layer.upsample.w);
    add_epilogue(words, layer.epilogue);
    if (!layer.pool) return;
    words.begin("max");
    (*this)(words, *layer.pool);
  }
  void operator()(Words& words, const layers::ConvTranspose2d& layer) const {
    add_window(words, layer, context);
    add_pair(words, "output padding ", layer.output_padding, 0);
    add_epilogue(words, layer.epilogue);
    if (!layer.next_weight.present()) return;
    const Shape& next = context.weight(layer.next_weight).shape;
    words.begin("then ", next[2], "x", next[3]);
    add_epilogue(words, {false, layer.next_activation});
  }
  void operator()(Words& words, const layers::DeformConv2d& layer) const {
    add_window(words, layer, context);
    if (layer.offset_groups != 1) words.add("offset groups ", layer.offset_groups);
    words.begin(layer.masked ? "mask" : "no mask");
    if (layer.one_map) words.add("in the offsets' map", layer.one_map->sigmoid ? ", sigmoid" : "");
    words.begin("offsets ",
                layer.offset_read == layers::DeformConv2d::OffsetRead::kFlatPrefix ? "flat_prefix" : "exact");
    add_epilogue(words, layer.epilogue);
  }
  void operator()(Words& words, const layers::Add& layer) const {
    if (!is(layer.upsample, 1)) words.begin("second input x", layer.upsample.h, ",", layer.upsample.w);
  }
  void operator()(Words& words, const layers::MaxPool2d& layer) const {
    words.add(size_text(layer.kernel_size));
    add_pair(words, "s", layer.stride, 1);
    add_pair(words, "p", layer.padding, 0);
    add_pair(words, "d", layer.dilation, 1);
    if (layer.ceil_mode) words.add("ceil");
  }
  void operator()(Words& words, const layers::AvgPool2d& layer) const {
    words.add(size_text(layer.kernel_size));
    add_pair(words, "s", layer.stride, 1);
    add_pair(words, "p", layer.padding, 0);
    if (layer.ceil_mode) words.add("ceil");
    if (!layer.count_include_pad && !is(layer.padding, 0)) words.begin("padding not counted");
    if (layer.divisor_override != 0) words.begin("divisor ", layer.divisor_override);
  }
  void operator()(Words& words, const layers::Upsample& layer) const {
    words.add(layer.mode == layers::Upsample::Mode::kNearest ? "nearest" : "bilinear");
    if (layer.has_fixed_size())
      words.add("to ", size_text(layer.size));
    else if (layer.to_size)
      words.add("to the size of input 1");
    else if (layer.scale_h == layer.scale_w)
      words.add("x", layer.scale_h);
    else
      words.add("x", layer.scale_h, ",", layer.scale_w);
    if (layer.align_corners) words.begin("corners aligned");
  }
  void operator()(Words& words, const layers::Concat& layer) const { words.add("axis ", layer.axis); }
  void operator()(Words& words, const layers::Softmax& layer) const { words.add("axis ", layer.axis); }
  void operator()(Words& words, const layers::Mean& layer) const {
    words.add("axes ", list_text(layer.axes));
  }
  void operator()(Words& words, const layers::Transpose& layer) const { words.add(list_text(layer.perm)); }
  void operator()(Words& words, const layers::Slice& layer) const {
    words.add("axis ", layer.axis, " from ", layer.start);
    // Python's slices without an end come with the greatest number there is.
    if (layer.end < std::numeric_limits<std::int32_t>::max()) words.add("to ", layer.end);
    if (layer.step != 1) words.add("step ", layer.step);
  }
  void operator()(Words& words, const layers::Pad& layer) const {
    words.add(list_text(layer.before), " / ", list_text(layer.after));
    if (layer.mode == layers::Pad::Mode::kReflect) words.add("reflect");
    if (layer.mode == layers::Pad::Mode::kReplicate) words.add("replicate");
    if (layer.mode == layers::Pad::Mode::kConstant && layer.value != 0) words.add("with ", layer.value);
  }
  void operator()(Words& words, const layers::LeakyReLU& layer) const {
    words.add("slope ", layer.negative_slope);
  }
  void operator()(Words& words, const layers::Hardsigmoid& layer) const { words.add("slope ", layer.slope); }
  void operator()(Words& words, const layers::Clamp& layer) const {
    if (std::isfinite(layer.min)) words.add("from ", layer.min);
    if (std::isfinite(layer.max)) words.add("to ", layer.max);
  }
  void operator()(Words& words, const layers::DeformRoIPool& layer) const {
    words.add(layer.pooled_size, "x", layer.pooled_size, " parts ", layer.part_size, " samples ",
              layer.sample_per_part);
    words.begin(layer.has_trans ? "offsets" : "no offsets");
  }
  template <class Other>
  void operator()(Words&, const Other&) const {}
};

}  // namespace

std::string layer_details(const layers::Layer& layer, const layers::NodeContext& context) {
  Words words;
  std::visit([&](const auto& l) { Describe{context}(words, l); }, layer);
  return std::move(words).text();
}

}  // namespace pliant::runtime

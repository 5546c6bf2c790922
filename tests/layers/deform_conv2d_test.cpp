#include "layers/deform_conv2d.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "layers/convolution.hpp"
#include "tests/layers/harness.hpp"
#include "tests/layers/random.hpp"
#include "tests/layers/reference.hpp"

using namespace pliant;
using tests::Case;
using tests::Random;

namespace {

using OffsetRead = layers::DeformConv2d::OffsetRead;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Sizes {
  std::int64_t batch, channels, height, width, outputs;
  int kernel_h, kernel_w;
};

Shape output_shape(const layers::DeformConv2d& layer, const Sizes& s) {
  return {s.batch, s.outputs,
          layers::window_output_size(s.height, s.kernel_h, layer.stride.h, layer.padding.h, layer.dilation.h),
          layers::window_output_size(s.width, s.kernel_w, layer.stride.w, layer.padding.w, layer.dilation.w)};
}

/// Maps of the size `height` x `width`, 0 = the output's.
Case make_case(Random& random, const Sizes& s, layers::DeformConv2d layer, bool bias, float reach,
               std::int64_t map_height = 0, std::int64_t map_width = 0) {
  Case c;
  const Shape y = output_shape(layer, s);
  const std::int64_t h = map_height == 0 ? y[2] : map_height;
  const std::int64_t w = map_width == 0 ? y[3] : map_width;
  const std::int64_t taps = std::int64_t{layer.offset_groups} * s.kernel_h * s.kernel_w;
  layer.weight = c.add_weight(random.tensor({s.outputs, s.channels / layer.groups, s.kernel_h, s.kernel_w}));
  if (bias) layer.bias = c.add_weight(random.tensor({s.outputs}));
  c.inputs.push_back(random.tensor({s.batch, s.channels, s.height, s.width}));
  c.inputs.push_back(random.tensor({s.batch, 2 * taps, h, w}, -reach, reach));
  if (layer.masked) c.inputs.push_back(random.tensor({s.batch, taps, h, w}, 0, 1));
  if (layer.epilogue.residual) c.inputs.push_back(random.tensor(y));
  c.layer = layer;
  return c;
}

void check(const Case& c, const Sizes& s) {
  const auto& layer = std::get<layers::DeformConv2d>(c.layer);
  tests::Map y =
      tests::convolve_deformable(layer, c.inputs[0], c.inputs[1], layer.masked ? &c.inputs[2] : nullptr,
                                 c.weight(layer.weight), output_shape(layer, s));
  tests::finish(y, layer.bias.present() ? &c.weight(layer.bias) : nullptr,
                layer.epilogue.residual ? &c.inputs.back() : nullptr, layer.epilogue.activation);
  tests::check_everywhere(c, y.values);
}

/// The offset that puts tap `channel` of output pixel (y, x) at `target` along an axis.
float offset_to(float target, std::int64_t out, int stride, int padding, int tap, int dilation) {
  return target - static_cast<float>(out * stride - padding + std::int64_t{tap} * dilation);
}

layers::DeformConv2d random_layer(Random& random) {
  layers::DeformConv2d layer;
  layer.groups = random.pick({1, 1, 1, 2});
  layer.offset_groups = random.pick({1, 1, 2, 4});
  layer.stride = {random.integer(1, 3), random.integer(1, 3)};
  layer.dilation = {random.integer(1, 3), random.integer(1, 2)};
  layer.masked = random.chance(0.6);
  layer.epilogue = {random.chance(0.3), static_cast<layers::Activation>(random.integer(0, 4))};
  return layer;
}

Sizes random_sizes(Random& random, layers::DeformConv2d& layer) {
  Sizes s{};
  s.batch = random.integer(1, 3);
  s.channels = 4 * random.pick({1, 3, 5, 16});  // of all groups
  s.outputs = layer.groups * random.pick({1, 3, 17, 32});
  s.kernel_h = random.integer(1, 4);
  s.kernel_w = random.integer(1, 4);
  layer.padding = {random.integer(0, 2), random.integer(0, 2)};
  s.height = random.integer(1, 8) + layer.dilation.h * (s.kernel_h - 1);
  s.width = random.integer(1, 8) + layer.dilation.w * (s.kernel_w - 1);
  return s;
}

}  // namespace

TEST_CASE("deform_conv2d: random attributes, offsets near and far") {
  Random random(21);
  for (int i = 0; i < 300; ++i) {
    layers::DeformConv2d layer = random_layer(random);
    const Sizes s = random_sizes(random, layer);
    check(make_case(random, s, layer, random.chance(0.5), i % 3 == 0 ? 0.9f : i % 3 == 1 ? 3.0f : 30.0f), s);
  }
}

TEST_CASE("deform_conv2d: odd channel counts and single offset groups") {
  Random random(22);
  for (const std::int64_t channels : {1, 3, 5, 17, 64, 300}) {
    layers::DeformConv2d layer;
    layer.padding = {1, 1};
    layer.masked = true;
    const Sizes s{2, channels, 7, 6, 33, 3, 3};
    check(make_case(random, s, layer, true, 2.0f), s);
  }
  layers::DeformConv2d layer;
  layer.offset_groups = 3;  // groups of offsets that cut across the blocks of k
  layer.groups = 2;
  const Sizes s{1, 18, 6, 5, 4, 3, 2};
  check(make_case(random, s, layer, false, 2.0f), s);
}

TEST_CASE("deform_conv2d: 1x1 inputs") {
  Random random(23);
  layers::DeformConv2d layer;
  layer.padding = {1, 1};
  layer.masked = true;
  const Sizes s{2, 6, 1, 1, 5, 3, 3};
  check(make_case(random, s, layer, true, 1.5f), s);
}

TEST_CASE("deform_conv2d: points on and beside the borders") {
  Random random(24);
  layers::DeformConv2d layer;
  layer.padding = {1, 1};
  layer.masked = true;
  const Sizes s{1, 5, 6, 7, 9, 3, 3};
  const float height = 6;
  const float width = 7;
  const float below = std::nextafter(-1.0f, 0.0f);
  const float ys[] = {-1,
                      below,
                      -0.5f,
                      0,
                      0.25f,
                      height - 1,
                      height - 0.5f,
                      height,
                      height + 1,
                      kInfinity,
                      -kInfinity,
                      1e30f,
                      std::nextafter(height, 0.0f),
                      kNaN};
  const float xs[] = {-1,
                      below,
                      -0.5f,
                      0,
                      0.25f,
                      width - 1,
                      width - 0.5f,
                      width,
                      width + 1,
                      kInfinity,
                      -kInfinity,
                      -1e30f,
                      std::nextafter(width, 0.0f),
                      kNaN};
  Case c = make_case(random, s, layer, true, 1.0f);
  auto offsets = c.inputs[1].values();
  const std::int64_t pixels = s.height * s.width;
  int next = 0;
  for (int tap = 0; tap < 9; ++tap)
    for (std::int64_t p = 0; p < pixels; ++p, ++next) {
      // Every pair of special points appears: 14 and 14 with 9 * 42 places.
      const float y = ys[next % 14];
      const float x = xs[next / 14 % 14];
      offsets[static_cast<std::size_t>(2 * tap * pixels + p)] = offset_to(y, p / s.width, 1, 1, tap / 3, 1);
      offsets[static_cast<std::size_t>((2 * tap + 1) * pixels + p)] =
          offset_to(x, p % s.width, 1, 1, tap % 3, 1);
    }
  check(c, s);
}

TEST_CASE("deform_conv2d: a corner outside adds nothing beside an infinite pixel") {
  Random random(25);
  layers::DeformConv2d layer;
  Case c;
  Tensor weight({1, 1, 1, 1});
  weight.values()[0] = 1;
  layer.weight = c.add_weight(std::move(weight));
  const Sizes s{1, 1, 2, 2, 1, 1, 1};
  Tensor x({1, 1, 2, 2});
  const float pixels[] = {kInfinity, 1, 2, 3};
  std::copy(std::begin(pixels), std::end(pixels), x.data());
  c.inputs.push_back(std::move(x));
  // Samples at (-1, 0) and (0, 2): outside; at (2, 0.5): outside; at (1.5, 1): half of the last pixel.
  Tensor offset({1, 2, 2, 2});
  const float values[] = {-1, 0, 1, 0.5f, 0, 1, 0.5f, 0};
  std::copy(std::begin(values), std::end(values), offset.data());
  c.inputs.push_back(std::move(offset));
  c.layer = layer;
  check(c, s);
  for (const tests::IsaResult& result : tests::run_everywhere(c)) {
    CHECK(result.output.values()[0] == 0);
    CHECK(result.output.values()[1] == 0);
    CHECK(result.output.values()[2] == 0);
    CHECK(result.output.values()[3] == 1.5f);
  }
}

TEST_CASE("deform_conv2d: coordinates that are no numbers sample zero, whatever the mask is") {
  Random random(26);
  layers::DeformConv2d layer;
  layer.masked = true;
  const Sizes s{1, 17, 4, 4, 3, 1, 1};
  Case c = make_case(random, s, layer, false, 0.0f);
  c.inputs[1].values()[0] = kNaN;       // dy of pixel 0
  c.inputs[1].values()[16 + 1] = kNaN;  // dx of pixel 1
  c.inputs[2].values()[1] = kInfinity;
  c.inputs[1].values()[2] = kInfinity;  // outside, with a finite mask
  c.inputs[1].values()[3] = 100;        // outside, with a mask that is no number: 0 * NaN
  c.inputs[2].values()[3] = kNaN;
  check(c, s);
  for (const tests::IsaResult& result : tests::run_everywhere(c)) {
    CHECK(result.output.values()[0] == 0);
    CHECK(result.output.values()[1] == 0);
    CHECK(result.output.values()[2] == 0);
    CHECK(std::isnan(result.output.values()[3]));
  }
}

TEST_CASE("deform_conv2d: flat_prefix reads larger maps as the original operator did") {
  Random random(27);
  for (int i = 0; i < 100; ++i) {
    layers::DeformConv2d layer = random_layer(random);
    layer.offset_read = OffsetRead::kFlatPrefix;
    const Sizes s = random_sizes(random, layer);
    const Shape y = output_shape(layer, s);
    // An offset convolution of stride 1 and "same" padding, or anything larger than the output.
    const bool same = y[2] <= s.height && y[3] <= s.width;
    const std::int64_t h = same ? s.height : y[2] + random.integer(0, 3);
    const std::int64_t w = same ? s.width : y[3] + random.integer(0, 3);
    check(make_case(random, s, layer, random.chance(0.5), 2.0f, h, w), s);
  }
  // A stride-2 block at an odd and an even size, and a map of another shape but the same area.
  layers::DeformConv2d layer;
  layer.offset_read = OffsetRead::kFlatPrefix;
  layer.masked = true;
  layer.padding = {1, 1};
  layer.stride = {2, 2};
  for (const std::int64_t size : {9, 10}) {
    const Sizes s{2, 8, size, size + 1, 8, 3, 3};
    check(make_case(random, s, layer, false, 2.0f, size, size + 1), s);
  }
  const Sizes s{1, 4, 8, 12, 8, 3, 3};  // output 4x6
  check(make_case(random, s, layer, false, 2.0f, 3, 8), s);
}

TEST_CASE("deform_conv2d: offsets and mask in one map, whose sigmoid is applied while it is read") {
  Random random(28);
  for (int i = 0; i < 150; ++i) {
    layers::DeformConv2d layer = random_layer(random);
    const bool flat = random.chance(0.4);
    if (flat) layer.offset_read = OffsetRead::kFlatPrefix;
    const Sizes s = random_sizes(random, layer);
    const Shape y = output_shape(layer, s);
    const std::int64_t larger = flat ? random.integer(0, 3) : 0;
    Case c = make_case(random, s, layer, random.chance(0.5), 3.0f, y[2] + larger, y[3] + larger);
    layer = std::get<layers::DeformConv2d>(c.layer);

    // Channels of no meaning lie before, between and behind.
    const std::int64_t taps = c.inputs[1].shape()[1] / 2;
    const bool mask_first = random.chance(0.3);
    auto& map = layer.one_map.emplace();
    map.offset = (mask_first ? taps + 1 : 0) + random.integer(0, 2);
    map.mask = mask_first ? random.integer(0, 1) : map.offset + 2 * taps + random.integer(0, 2);
    map.sigmoid = layer.masked && random.chance(0.7);
    const std::int64_t channels =
        std::max(map.offset + 2 * taps, layer.masked ? map.mask + taps : 0) + random.integer(0, 2);
    Tensor joined({s.batch, channels, y[2] + larger, y[3] + larger});
    std::fill(joined.values().begin(), joined.values().end(), kNaN);
    const std::int64_t pixels = (y[2] + larger) * (y[3] + larger);
    const auto copy = [&](const Tensor& part, std::int64_t first) {
      const std::int64_t count = part.shape()[1] * pixels;
      for (std::int64_t n = 0; n < s.batch; ++n)
        std::copy_n(part.data() + n * count, count, joined.data() + (n * channels + first) * pixels);
    };
    copy(c.inputs[1], map.offset);
    if (layer.masked) {
      for (float& v : c.inputs[2].values()) v = map.sigmoid ? 8 * v - 4 : v;
      copy(c.inputs[2], map.mask);
      if (map.sigmoid)
        for (float& v : c.inputs[2].values())
          v = static_cast<float>(1 / (1 + std::exp(-static_cast<double>(v))));
    }
    tests::Map expected = tests::convolve_deformable(
        layer, c.inputs[0], c.inputs[1], layer.masked ? &c.inputs[2] : nullptr, c.weight(layer.weight), y);
    tests::finish(expected, layer.bias.present() ? &c.weight(layer.bias) : nullptr,
                  layer.epilogue.residual ? &c.inputs.back() : nullptr, layer.epilogue.activation);
    if (layer.masked) c.inputs.erase(c.inputs.begin() + 2);
    c.inputs[1] = std::move(joined);
    c.layer = layer;
    tests::check_everywhere(c, expected.values);
  }
}

#include "layers/conv2d.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "tests/layers/convolution_cases.hpp"

using namespace pliant;
using tests::Case;
using tests::Random;
using Sizes = tests::ConvolutionSizes;
using tests::any_activation;

TEST_CASE("conv2d: random attributes, sizes and epilogues") {
  Random random(1);
  for (int i = 0; i < 150; ++i) {
    layers::Conv2d layer;
    layer.groups = random.pick({1, 1, 1, 2, 3});
    layer.stride = {random.integer(1, 3), random.integer(1, 3)};
    layer.dilation = {random.integer(1, 2), random.integer(1, 3)};
    layer.epilogue = {random.chance(0.4), any_activation(random)};
    Sizes s{};
    s.batch = random.integer(1, 3);
    s.channels = layer.groups * random.pick({1, 3, 5, 17, 33});
    s.outputs = layer.groups * random.pick({1, 3, 8, 17, 40});
    s.kernel_h = random.integer(1, 5);
    s.kernel_w = random.integer(1, 5);
    layer.padding = {random.integer(0, s.kernel_h), random.integer(0, s.kernel_w)};
    s.height = random.integer(1, 12) + layer.dilation.h * (s.kernel_h - 1);
    s.width = random.integer(1, 12) + layer.dilation.w * (s.kernel_w - 1);
    tests::check_convolution(tests::convolution_case(random, s, layer, random.chance(0.5)));
  }
}

TEST_CASE("conv2d: usual shapes of networks, odd sizes") {
  Random random(2);
  const layers::Pair one{1, 1}, two{2, 2}, three{3, 3};
  struct Usual {
    Sizes sizes;
    layers::Pair stride, padding, dilation;
    int groups;
  };
  const Usual cases[] = {
      {{1, 64, 13, 17, 64, 3, 3}, one, one, one, 1},    // several blocks of k
      {{2, 160, 9, 7, 96, 3, 3}, two, one, one, 1},     //
      {{1, 600, 5, 9, 80, 1, 1}, one, {0, 0}, one, 1},  // one long segment in pieces
      {{2, 64, 7, 5, 70, 1, 1}, two, {0, 0}, one, 1},   //
      {{2, 3, 33, 29, 64, 7, 7}, two, three, one, 1},   // the stem: by rows of taps
      {{1, 3, 21, 23, 17, 5, 5}, one, two, two, 1},     // dilated
      {{1, 12, 11, 10, 24, 3, 3}, one, one, one, 4},    // few channels a group
      {{1, 24, 30, 31, 27, 3, 3}, one, one, one, 1},    // an offset convolution
      {{3, 64, 1, 1, 64, 3, 3}, one, one, one, 1},      // padding all around
      {{1, 8, 300, 3, 130, 1, 1}, one, {0, 0}, one, 1},
      {{2, 530, 11, 13, 510, 1, 1}, one, {0, 0}, one, 1},  // large weights, cut between threads
      {{1, 90, 19, 33, 330, 3, 3}, two, one, one, 1},
  };
  for (const Usual& usual : cases) {
    layers::Conv2d layer;
    layer.stride = usual.stride;
    layer.padding = usual.padding;
    layer.dilation = usual.dilation;
    layer.groups = usual.groups;
    layer.epilogue = {true, layers::Activation::kReLU};
    tests::check_convolution(tests::convolution_case(random, usual.sizes, layer, true));
  }
}

TEST_CASE("conv2d: depthwise") {
  Random random(3);
  for (int i = 0; i < 16; ++i) {
    layers::Conv2d layer;
    layer.groups = random.pick({2, 3, 8, 17, 64});
    layer.stride = {random.integer(1, 2), random.integer(1, 2)};
    layer.dilation = {random.integer(1, 2), random.integer(1, 2)};
    layer.epilogue = {random.chance(0.5), any_activation(random)};
    const int kernel = random.pick({1, 3, 5});
    layer.padding = {kernel / 2, kernel / 2};
    const std::int64_t multiplier = random.pick({1, 1, 2});
    const Sizes s{random.integer(1, 2),
                  layer.groups,
                  random.integer(9, 20),
                  random.integer(9, 20),
                  layer.groups * multiplier,
                  kernel,
                  kernel};
    tests::check_convolution(tests::convolution_case(random, s, layer, random.chance(0.5)));
  }
}

TEST_CASE("conv2d: ReLU passes NaN on and keeps infinity") {
  Case c;
  layers::Conv2d layer;
  Tensor weight({1, 1, 1, 1});
  weight.values()[0] = 1;
  layer.weight = c.add_weight(std::move(weight));
  layer.epilogue.activation = layers::Activation::kReLU;
  Tensor x({1, 1, 1, 4});
  const float infinity = std::numeric_limits<float>::infinity();
  const float values[] = {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity, -2};
  std::copy(std::begin(values), std::end(values), x.data());
  c.inputs.push_back(std::move(x));
  c.layer = layer;
  tests::check_convolution(c);
}

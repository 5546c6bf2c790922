// Convolutions that pool their results themselves give the bits of the two layers.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "backends/registry.hpp"
#include "tests/layers/convolution_cases.hpp"

using namespace pliant;
using tests::Case;
using tests::Random;
using Sizes = tests::ConvolutionSizes;

namespace {

bool pays(const layers::Conv2d& layer, const layers::MaxPool2d& pool, const Shape& weight) {
  return backends::cpu::backend().pools(layer, pool, weight);
}

/// `c` is a convolution without pooling.
void check_pooled(Case c, const layers::MaxPool2d& pool) {
  auto convolved = tests::run_everywhere(c);
  std::get<layers::Conv2d>(c.layer).pool = pool;
  const auto one_pass = tests::run_everywhere(c);
  REQUIRE(one_pass.size() == convolved.size());
  for (std::size_t i = 0; i < one_pass.size(); ++i) {
    INFO(c.text() << " " << std::string(backends::cpu::name_of(one_pass[i].isa)));
    Case second;
    second.layer = pool;
    second.inputs.push_back(std::move(convolved[i].output));
    backends::PackCache packs;
    const Tensor expected = tests::run_once(second, tests::context_of(one_pass[i].isa, 1), packs);
    const Tensor& actual = one_pass[i].output;
    REQUIRE(actual.shape() == expected.shape());
    CHECK(std::memcmp(actual.data(), expected.data(),
                      static_cast<std::size_t>(expected.elements()) * sizeof(float)) == 0);
  }
}

layers::MaxPool2d pooling(int kernel, int stride, int padding, bool ceil_mode = false) {
  layers::MaxPool2d pool;
  pool.kernel_size = {kernel, kernel};
  pool.stride = {stride, stride};
  pool.padding = {padding, padding};
  pool.ceil_mode = ceil_mode;
  return pool;
}

}  // namespace

TEST_CASE("pooled conv2d: random attributes and sizes") {
  Random random(61);
  int done = 0;
  while (done < 60) {
    layers::Conv2d layer;
    layer.groups = random.pick({1, 1, 1, 2, 3});
    layer.stride = {random.integer(1, 3), random.integer(1, 3)};
    layer.dilation = {random.integer(1, 2), random.integer(1, 2)};
    layer.epilogue.activation = tests::any_activation(random);
    Sizes s{};
    s.batch = random.integer(1, 3);
    s.channels = layer.groups * random.pick({1, 3, 5, 17});
    s.outputs = layer.groups * random.pick({1, 3, 8, 17, 70});
    s.kernel_h = random.integer(1, 5);
    s.kernel_w = random.integer(1, 5);
    layer.padding = {random.integer(0, s.kernel_h), random.integer(0, s.kernel_w)};
    s.height = random.integer(4, 50) * layer.stride.h + layer.dilation.h * (s.kernel_h - 1);
    s.width = random.integer(4, 20) * layer.stride.w + layer.dilation.w * (s.kernel_w - 1);
    layers::MaxPool2d pool;
    pool.kernel_size = {random.integer(1, 4), random.integer(1, 4)};
    pool.stride = {random.integer(1, 5), random.integer(1, 5)};
    pool.padding = {random.integer(0, pool.kernel_size.h / 2), random.integer(0, pool.kernel_size.w / 2)};
    pool.ceil_mode = random.chance(0.5);
    Case c = tests::convolution_case(random, s, layer, random.chance(0.5));
    if (!pays(layer, pool, c.weight(std::get<layers::Conv2d>(c.layer).weight).shape())) continue;
    check_pooled(std::move(c), pool);
    ++done;
  }
}

TEST_CASE("pooled conv2d: usual shapes of networks") {
  Random random(62);
  const layers::Pair one{1, 1}, two{2, 2}, three{3, 3};
  const struct {
    Sizes sizes;
    layers::Pair stride, padding;
    layers::MaxPool2d pool;
  } cases[] = {
      {{2, 3, 67, 45, 64, 7, 7}, two, three, pooling(3, 2, 1)},       // the stem of ResNets
      {{1, 3, 320, 97, 64, 7, 7}, two, three, pooling(3, 2, 1)},      // several bands
      {{1, 3, 21, 1400, 64, 7, 7}, two, three, pooling(3, 2, 1)},     // several strips
      {{1, 5, 12, 900, 130, 1, 1}, one, {0, 0}, pooling(3, 1, 1)},    // strips that share two columns
      {{1, 3, 31, 30, 24, 3, 3}, two, one, pooling(3, 2, 0, true)},   // ShuffleNet
      {{1, 3, 33, 42, 40, 3, 3}, one, one, pooling(2, 2, 0)},         // VGG
      {{3, 64, 17, 19, 70, 3, 3}, two, one, pooling(2, 3, 1, true)},  // rows between windows are not computed
      {{1, 3, 1, 1, 16, 7, 7}, two, three, pooling(3, 2, 1)},         // one pixel
  };
  for (const auto& usual : cases) {
    layers::Conv2d layer;
    layer.stride = usual.stride;
    layer.padding = usual.padding;
    layer.epilogue.activation = layers::Activation::kReLU;
    check_pooled(tests::convolution_case(random, usual.sizes, layer, true), usual.pool);
  }
}

TEST_CASE("pooled conv2d: NaN and infinities are what the two layers make of them") {
  Random random(63);
  layers::Conv2d layer;
  layer.stride = {2, 2};
  layer.padding = {3, 3};
  for (const layers::Activation activation : {layers::Activation::kNone, layers::Activation::kReLU}) {
    layer.epilogue.activation = activation;
    Case c = tests::convolution_case(random, {1, 3, 40, 39, 33, 7, 7}, layer, true);
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    c.inputs[0].values()[700] = std::numeric_limits<float>::quiet_NaN();
    c.inputs[0].values()[2000] = kInfinity;
    c.inputs[0].values()[4000] = -kInfinity;
    check_pooled(std::move(c), pooling(3, 2, 1));
  }
}

TEST_CASE("pooled conv2d: what pays") {
  const layers::Conv2d plain;
  const layers::MaxPool2d usual = pooling(3, 2, 1);
  CHECK(pays(plain, usual, {64, 3, 7, 7}));
  CHECK(pays(plain, usual, {64, 3, 3, 3}));
  CHECK(!pays(plain, usual, {64, 64, 3, 3}));   // by Winograd's tiles
  CHECK(!pays(plain, usual, {64, 128, 5, 5}));  // many products
  CHECK(!pays(plain, pooling(9, 2, 1), {64, 3, 7, 7}));
  layers::MaxPool2d dilated = usual;
  dilated.dilation = {2, 1};
  CHECK(!pays(plain, dilated, {64, 3, 7, 7}));
  layers::Conv2d layer;
  layer.groups = 64;
  CHECK(!pays(layer, usual, {64, 1, 3, 3}));  // depthwise
  layer = {};
  layer.epilogue.residual = true;
  CHECK(!pays(layer, usual, {64, 3, 7, 7}));
  layer = {};
  layer.upsample = {2, 2};
  CHECK(!pays(layer, usual, {64, 3, 7, 7}));
}

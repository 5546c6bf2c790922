#include "layers/conv_transpose2d.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/layers/harness.hpp"
#include "tests/layers/random.hpp"
#include "tests/layers/reference.hpp"

using namespace pliant;
using tests::Case;
using tests::Random;

namespace {

void check(Random& random, layers::ConvTranspose2d layer, const Shape& x, std::int64_t outputs, int kernel_h,
           int kernel_w, bool bias) {
  Case c;
  layer.weight = c.add_weight(random.tensor({x[1], outputs / layer.groups, kernel_h, kernel_w}));
  if (bias) layer.bias = c.add_weight(random.tensor({outputs}));
  c.inputs.push_back(random.tensor(x));
  c.layer = layer;
  const auto weights = c.weights();
  const Shape shapes[] = {x};
  const Shape shape = layers::infer_shapes(c.layer, {"conv_transpose2d", "test", weights}, shapes)[0];
  tests::Map y = tests::convolve_transposed(layer, c.inputs[0], c.weight(layer.weight), shape);
  tests::finish(y, bias ? &c.weight(layer.bias) : nullptr, nullptr, layer.epilogue.activation);
  tests::check_everywhere(c, y.values);
}

}  // namespace

TEST_CASE("conv_transpose2d: random attributes") {
  Random random(11);
  for (int i = 0; i < 150; ++i) {
    layers::ConvTranspose2d layer;
    layer.groups = random.pick({1, 1, 2, 3});
    layer.stride = {random.integer(1, 4), random.integer(1, 4)};
    layer.dilation = {random.integer(1, 3), random.integer(1, 3)};
    layer.epilogue.activation = static_cast<layers::Activation>(random.integer(0, 4));
    const int kernel_h = random.integer(1, 4);
    const int kernel_w = random.integer(1, 4);
    layer.padding = {random.integer(0, layer.dilation.h * (kernel_h - 1) / 2),
                     random.integer(0, layer.dilation.w * (kernel_w - 1) / 2)};
    layer.output_padding = {random.integer(0, std::max(layer.stride.h, layer.dilation.h) - 1),
                            random.integer(0, std::max(layer.stride.w, layer.dilation.w) - 1)};
    const Shape x{random.integer(1, 3), layer.groups * random.pick({1, 3, 5, 17}), random.integer(1, 9),
                  random.integer(1, 9)};
    check(random, layer, x, layer.groups * random.pick({1, 3, 8, 33}), kernel_h, kernel_w,
          random.chance(0.5));
  }
}

TEST_CASE("conv_transpose2d: kernel equal to the stride") {
  Random random(12);
  for (const std::int64_t outputs : {1, 3, 64, 80}) {
    layers::ConvTranspose2d layer;
    layer.stride = {2, 2};
    layer.epilogue.activation = outputs == 1 ? layers::Activation::kSigmoid : layers::Activation::kReLU;
    check(random, layer, {2, 64, 11, 13}, outputs, 2, 2, true);
    layer.stride = {3, 2};
    check(random, layer, {1, 5, 7, 130}, outputs, 3, 2, false);
  }
}

TEST_CASE("conv_transpose2d: a stride above the kernel leaves gaps with the bias alone") {
  Random random(13);
  layers::ConvTranspose2d layer;
  layer.stride = {5, 4};
  layer.output_padding = {4, 3};
  layer.epilogue.activation = layers::Activation::kSigmoid;
  check(random, layer, {2, 6, 3, 4}, 10, 2, 1, true);
  check(random, layer, {1, 6, 1, 1}, 10, 2, 1, false);
}

TEST_CASE("conv_transpose2d: two whose outputs belong to one input pixel each, in one") {
  Random random(14);
  for (int i = 0; i < 30; ++i) {
    layers::ConvTranspose2d first;
    first.stride = {random.integer(1, 3), random.integer(1, 3)};
    first.epilogue.activation = static_cast<layers::Activation>(random.integer(0, 4));
    layers::ConvTranspose2d second;
    second.stride = {random.integer(1, 3), random.integer(1, 3)};
    second.epilogue.activation = static_cast<layers::Activation>(random.integer(0, 4));
    const std::int64_t channels = random.pick({1, 5, 33}), middle = random.pick({1, 3, 17, 64});
    const std::int64_t outputs = random.pick({1, 2, 20});
    Case c;
    c.inputs.push_back(
        random.tensor({random.integer(1, 2), channels, random.integer(1, 9), random.integer(1, 9)}));
    first.weight = c.add_weight(random.tensor({channels, middle, first.stride.h, first.stride.w}));
    second.weight = c.add_weight(random.tensor({middle, outputs, second.stride.h, second.stride.w}));
    if (random.chance(0.5)) first.bias = c.add_weight(random.tensor({middle}));
    if (random.chance(0.5)) second.bias = c.add_weight(random.tensor({outputs}));
    const auto weights = c.weights();
    const layers::NodeContext node("conv_transpose2d", "test", weights);
    const auto apply = [&](const layers::ConvTranspose2d& layer, const Tensor& x) {
      const Shape shapes[] = {x.shape()};
      const Shape shape = layers::infer_shapes(layers::Layer(layer), node, shapes)[0];
      tests::Map y = tests::convolve_transposed(layer, x, c.weight(layer.weight), shape);
      tests::finish(y, layer.bias.present() ? &c.weight(layer.bias) : nullptr, nullptr,
                    layer.epilogue.activation);
      return y;
    };
    const tests::Map between = apply(first, c.inputs[0]);
    Tensor rounded(between.shape);
    std::transform(between.values.begin(), between.values.end(), rounded.data(),
                   [](double v) { return static_cast<float>(v); });
    const tests::Map expected = apply(second, rounded);

    layers::ConvTranspose2d both = first;
    both.next_weight = second.weight;
    both.next_bias = second.bias;
    both.next_activation = second.epilogue.activation;
    c.layer = both;
    tests::check_everywhere(c, expected.values);
  }
}

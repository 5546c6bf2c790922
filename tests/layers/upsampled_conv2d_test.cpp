// Convolutions that enlarge their input themselves.
#include <doctest/doctest.h>

#include "tests/layers/cases.hpp"
#include "tests/layers/convolution_cases.hpp"

using namespace pliant;
using tests::Case;
using tests::Random;

namespace {

Tensor enlarged(const Tensor& x, layers::Pair factor) {
  const Shape& from = x.shape();
  Tensor y({from[0], from[1], from[2] * factor.h, from[3] * factor.w});
  tests::for_each_index(y.shape(), [&](const Shape& index, std::size_t flat) {
    const std::int64_t row = (index[0] * from[1] + index[1]) * from[2] + index[2] / factor.h;
    y.values()[flat] = x.values()[static_cast<std::size_t>(row * from[3] + index[3] / factor.w)];
  });
  return y;
}

/// A batch of inputs [batch, channels, height, width], which the layer enlarges.
void check_upsampled(Random& random, layers::Conv2d layer, const Shape& input, std::int64_t outputs) {
  layer.padding = {1, 1};
  Case c;
  layer.weight = c.add_weight(random.tensor({outputs, input[1], 3, 3}));
  if (random.chance(0.5)) layer.bias = c.add_weight(random.tensor({outputs}));
  c.inputs.push_back(random.tensor(input));
  const Shape shape{input[0], outputs, input[2] * layer.upsample.h, input[3] * layer.upsample.w};
  if (layer.epilogue.residual) c.inputs.push_back(random.tensor(shape));
  c.layer = layer;
  REQUIRE(tests::output_shape(c) == shape);

  layers::Conv2d plain = layer;
  plain.upsample = {1, 1};
  tests::Map y = tests::convolve(plain, enlarged(c.inputs[0], layer.upsample), c.weight(layer.weight), shape);
  tests::finish(y, layer.bias.present() ? &c.weight(layer.bias) : nullptr,
                layer.epilogue.residual ? &c.inputs[1] : nullptr, layer.epilogue);
  tests::check_everywhere(c, y.values);
}

}  // namespace

TEST_CASE("conv2d: upsampled inputs of random sizes, factors and epilogues") {
  Random random(1);
  for (int i = 0; i < 40; ++i) {
    layers::Conv2d layer;
    layer.upsample = {random.pick({2, 2, 4, 8}), random.pick({2, 2, 3, 8})};
    layer.epilogue = tests::any_epilogue(random);
    const std::int64_t channels = random.pick({1, 3, 16, 33, 70}), outputs = random.pick({1, 8, 17, 40, 64});
    const std::int64_t height = random.integer(1, 7), width = random.integer(1, 7);
    check_upsampled(random, layer, {random.integer(1, 3), channels, height, width}, outputs);
  }
}

TEST_CASE("conv2d: upsampled inputs with large weights, where threads share pixels") {
  Random random(2);
  layers::Conv2d layer;
  layer.upsample = {2, 2};
  layer.epilogue = {true, layers::Activation::kReLU};
  check_upsampled(random, layer, {2, 180, 7, 8}, 170);
}

TEST_CASE("conv2d: what takes an upsampled input") {
  layers::Conv2d layer;
  layer.padding = {1, 1};
  CHECK(layers::takes_upsampled_input(layer, {8, 4, 3, 3}));
  CHECK(!layers::takes_upsampled_input(layer, {8, 4, 3, 5}));
  layer.groups = 2;
  CHECK(!layers::takes_upsampled_input(layer, {8, 4, 3, 3}));
  layer = {};
  CHECK(!layers::takes_upsampled_input(layer, {8, 4, 3, 3}));  // no padding
  layer.padding = {1, 1};
  layer.stride = {2, 2};
  CHECK(!layers::takes_upsampled_input(layer, {8, 4, 3, 3}));
}

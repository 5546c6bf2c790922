// A model of a few kilobytes that has every layer of the file format, in the manner of a DB detector.
#pragma once

#include <random>
#include <vector>

#include "tests/support/model_builder.hpp"

namespace pliant::test {

class RandomFloats {
 public:
  explicit RandomFloats(unsigned seed) : engine_(seed) {}
  std::vector<float> operator()(std::size_t count, float low = -0.5F, float high = 0.5F) {
    std::uniform_real_distribution<float> values(low, high);
    std::vector<float> result(count);
    for (float& v : result) v = values(engine_);
    return result;
  }

 private:
  std::mt19937 engine_;
};

/// image[N,3,H,W] (H, W multiples of 4) -> probability[N,1,H,W] and features[N,8,H/4,W/4].
inline std::vector<std::byte> small_network(unsigned seed = 1) {
  ModelBuilder m;
  RandomFloats random(seed);
  const schema::Pair one(1, 1);
  const schema::Pair two(2, 2);
  const schema::Pair three(3, 3);
  const schema::Pair zero(0, 0);

  const int image = m.value("image");
  m.input(image, "image", {-1, 3, -1, -1}, {1, 1, 4, 4});
  const auto conv = [&](const std::string& name, int in, int from, int to, int kernel,
                        const schema::Pair& stride) {
    const int w = m.weight(name + ".weight", {to, from, kernel, kernel},
                           random(static_cast<std::size_t>(to) * from * kernel * kernel, -0.3F, 0.3F));
    const int b = m.weight(name + ".bias", {to}, random(static_cast<std::size_t>(to)));
    const int out = m.value(name);
    const schema::Pair padding(kernel / 2, kernel / 2);
    m.node(name, schema::CreateConv2d(m.fbb, w, b, &stride, &padding, &one, 1), {in}, {out});
    return out;
  };
  const auto unary = [&](const std::string& name, auto layer, std::vector<int> in) {
    const int out = m.value(name);
    m.node(name, layer, in, {out});
    return out;
  };

  int x = conv("stem", image, 3, 8, 3, two);
  const int mean = m.weight("bn.mean", {8}, random(8));
  const int var = m.weight("bn.var", {8}, random(8, 0.5F, 2.0F));
  x = unary("bn", schema::CreateBatchNorm2d(m.fbb, -1, -1, mean, var, 1e-5), {x});
  x = unary("relu", schema::CreateReLU(m.fbb), {x});
  x = unary("pool", schema::CreateMaxPool2d(m.fbb, &three, &two, &one, &one, false), {x});

  const int om = conv("offset", x, 8, 27, 3, one);
  const int offset = unary("offset_part", schema::CreateSlice(m.fbb, 1, 0, 18, 1), {om});
  int mask = unary("mask_part", schema::CreateSlice(m.fbb, 1, -9, 1 << 20, 1), {om});
  mask = unary("mask", schema::CreateSigmoid(m.fbb), {mask});
  const int dw = m.weight("dcn.weight", {8, 8, 3, 3}, random(8 * 8 * 9, -0.2F, 0.2F));
  const int deformed = m.value("dcn");
  m.node("dcn", schema::CreateDeformConv2d(m.fbb, dw, -1, &one, &one, &one, 1, 1, schema::OffsetRead::exact),
         {x, offset, mask}, {deformed});
  int y = unary("sum", schema::CreateAdd(m.fbb), {deformed, x});
  y = unary("sum_relu", schema::CreateReLU(m.fbb), {y});
  const int features = y;

  int deep = conv("deep", y, 8, 8, 3, two);
  deep = unary("up", schema::CreateUpsample(m.fbb, schema::UpsampleMode::nearest, 0, 0), {deep, y});
  y = unary("cat", schema::CreateConcat(m.fbb, 1), {deep, y});
  y = unary("scaled", schema::CreateMul(m.fbb), {y, y});
  const int tw = m.weight("deconv.weight", {16, 1, 2, 2}, random(16 * 4));
  const int tb = m.weight("deconv.bias", {1}, random(1));
  y = unary("deconv", schema::CreateConvTranspose2d(m.fbb, tw, tb, &two, &zero, &zero, &one, 1), {y});
  y = unary("up2", schema::CreateUpsample(m.fbb, schema::UpsampleMode::nearest, 2.0, 2.0), {y});
  y = unary("probability", schema::CreateSigmoid(m.fbb), {y});
  m.output(y, "probability", {-1, 1, -1, -1});
  m.output(features, "features", {-1, 8, -1, -1});
  m.preprocess = schema::CreateImagePreprocess(m.fbb);
  m.postprocess = schema::CreateTextPostprocess(m.fbb);
  return m.finish();
}

}  // namespace pliant::test

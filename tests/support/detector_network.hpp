// A narrow DB text detector with a deformable ResNet: what rewrites and algorithms of a usual run work on, in
// some 100 kB. Its convolutions are wide enough for Winograd's tiles.
#pragma once

#include <string>
#include <vector>

#include "tests/support/small_network.hpp"

namespace pliant::test {

class DetectorNetwork {
 public:
  /// image[N,3,H,W] (H, W multiples of 16) -> probability[N,1,H,W].
  std::vector<std::byte> finish() {
    m_.input(image_, "image", {-1, 3, -1, -1}, {1, 1, 16, 16});
    int x = conv("stem", image_, 3, 16, 7, 2, true);
    x = pool("pool", relu("stem_relu", x));
    const int c2 = block("layer1", x, 16, 16, 1, false);
    const int c3 = block("layer2", c2, 16, 32, 2, true);
    const int c4 = block("layer3", c3, 32, 32, 2, true);
    const int p4 = conv("in4", c4, 32, 32, 1, 1, false);
    const int p3 = add("sum3", up("up4", p4, 2), conv("in3", c3, 32, 32, 1, 1, false));
    const int p2 = add("sum2", up("up3", p3, 2), conv("in2", c2, 16, 32, 1, 1, false));
    const int deep = up("out4_up", conv("out4", p4, 32, 16, 3, 1, false), 4);
    const int middle = up("out3_up", conv("out3", p3, 32, 16, 3, 1, false), 2);
    int y = concat("neck", {deep, middle, conv("out2", p2, 32, 16, 3, 1, false)});
    y = relu("head0_relu", conv("head0", y, 48, 16, 3, 1, true));
    y = relu("head1_relu", transposed("head1", y, 16, 16));
    y = transposed("head2", y, 16, 1);
    const int probability = m_.value("probability");
    m_.node("probability", schema::CreateSigmoid(m_.fbb), {y}, {probability});
    m_.output(probability, "probability", {-1, 1, -1, -1});
    return m_.finish();
  }

 private:
  std::vector<float> random(std::int64_t count, std::int64_t summands) {
    const float range = 1.5F / std::sqrt(static_cast<float>(summands));
    return random_(static_cast<std::size_t>(count), -range, range);
  }

  int conv(const std::string& name, int in, int channels, int outputs, int kernel, int stride, bool bias) {
    const int fan_in = channels * kernel * kernel;
    const int w =
        m_.weight(name + ".weight", {outputs, channels, kernel, kernel}, random(outputs * fan_in, fan_in));
    const int b = bias ? m_.weight(name + ".bias", {outputs}, random(outputs, 4)) : -1;
    const int out = m_.value(name);
    const schema::Pair one(1, 1), step(stride, stride), padding(kernel / 2, kernel / 2);
    m_.node(name, schema::CreateConv2d(m_.fbb, w, b, &step, &padding, &one, 1), {in}, {out});
    return out;
  }

  /// A residual block; its second convolution may be a deformable one.
  int block(const std::string& name, int in, int channels, int outputs, int stride, bool deformable) {
    int y = relu(name + ".relu1", conv(name + ".conv1", in, channels, outputs, 3, stride, true));
    y = deformable ? deform(name + ".conv2", y, outputs)
                   : conv(name + ".conv2", y, outputs, outputs, 3, 1, true);
    const int skip = stride == 1 ? in : conv(name + ".downsample", in, channels, outputs, 1, stride, true);
    return relu(name + ".relu2", add(name + ".sum", y, skip));
  }

  int deform(const std::string& name, int in, int channels) {
    const int both = conv(name + "_offset", in, channels, 27, 3, 1, true);
    const int offset = m_.value(name + ".offset"), logit = m_.value(name + ".logit"),
              mask = m_.value(name + ".mask");
    m_.node(name + ".offset", schema::CreateSlice(m_.fbb, 1, 0, 18, 1), {both}, {offset});
    m_.node(name + ".logit", schema::CreateSlice(m_.fbb, 1, 18, 27, 1), {both}, {logit});
    m_.node(name + ".mask", schema::CreateSigmoid(m_.fbb), {logit}, {mask});
    const int w = m_.weight(name + ".weight", {channels, channels, 3, 3},
                            random(channels * channels * 9, channels * 9));
    const int out = m_.value(name);
    const schema::Pair one(1, 1);
    m_.node(name,
            schema::CreateDeformConv2d(m_.fbb, w, -1, &one, &one, &one, 1, 1, schema::OffsetRead::exact),
            {in, offset, mask}, {out});
    return out;
  }

  int pool(const std::string& name, int in) {
    const int out = m_.value(name);
    const schema::Pair three(3, 3), two(2, 2), one(1, 1);
    m_.node(name, schema::CreateMaxPool2d(m_.fbb, &three, &two, &one, &one, false), {in}, {out});
    return out;
  }
  int relu(const std::string& name, int in) {
    const int out = m_.value(name);
    m_.node(name, schema::CreateReLU(m_.fbb), {in}, {out});
    return out;
  }
  int add(const std::string& name, int a, int b) {
    const int out = m_.value(name);
    m_.node(name, schema::CreateAdd(m_.fbb), {a, b}, {out});
    return out;
  }
  int up(const std::string& name, int in, double factor) {
    const int out = m_.value(name);
    m_.node(name, schema::CreateUpsample(m_.fbb, schema::UpsampleMode::nearest, factor, factor), {in}, {out});
    return out;
  }
  int concat(const std::string& name, const std::vector<int>& inputs) {
    const int out = m_.value(name);
    m_.node(name, schema::CreateConcat(m_.fbb, 1), inputs, {out});
    return out;
  }
  int transposed(const std::string& name, int in, int channels, int outputs) {
    const int w =
        m_.weight(name + ".weight", {channels, outputs, 2, 2}, random(channels * outputs * 4, channels));
    const int b = m_.weight(name + ".bias", {outputs}, random(outputs, 4));
    const int out = m_.value(name);
    const schema::Pair two(2, 2), zero(0, 0), one(1, 1);
    m_.node(name, schema::CreateConvTranspose2d(m_.fbb, w, b, &two, &zero, &zero, &one, 1), {in}, {out});
    return out;
  }

  ModelBuilder m_;
  RandomFloats random_{3};
  int image_ = m_.value("image");
};

}  // namespace pliant::test

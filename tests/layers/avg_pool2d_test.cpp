#include "layers/avg_pool2d.hpp"

#include "pliant/error.hpp"
#include "tests/layers/cases.hpp"
#include "tests/layers/reference.hpp"

using namespace pliant;
using tests::Case;
using tests::Map;

namespace {

void check(const Case& c) {
  const auto& layer = std::get<layers::AvgPool2d>(c.layer);
  const Map x(c.inputs[0]);
  const Shape& s = x.shape;
  Map y(tests::output_shape(c));
  for (std::int64_t n = 0; n < s[0]; ++n)
    for (std::int64_t ch = 0; ch < s[1]; ++ch)
      for (std::int64_t i = 0; i < y.shape[2]; ++i)
        for (std::int64_t j = 0; j < y.shape[3]; ++j) {
          double sum = 0;
          int inside = 0;
          int padded = 0;
          for (int a = 0; a < layer.kernel_size.h; ++a)
            for (int b = 0; b < layer.kernel_size.w; ++b) {
              const std::int64_t h = i * layer.stride.h - layer.padding.h + a;
              const std::int64_t w = j * layer.stride.w - layer.padding.w + b;
              padded += h < s[2] + layer.padding.h && w < s[3] + layer.padding.w ? 1 : 0;
              if (h < 0 || w < 0 || h >= s[2] || w >= s[3]) continue;
              sum += x.at(n, ch, h, w);
              ++inside;
            }
          const int divisor = layer.divisor_override != 0 ? layer.divisor_override
                              : layer.count_include_pad   ? padded
                                                          : inside;
          y.at(n, ch, i, j) = inside == 0 ? 0 : sum / divisor;
        }
  tests::check_closely(c, y.values, 2e-6, 1e-6);
}

}  // namespace

TEST_CASE("avg_pool2d: random kernels, strides, padding, ceil mode, divisors") {
  tests::Random random(161);
  int done = 0;
  while (done < 120) {
    Case c;
    layers::AvgPool2d layer;
    layer.kernel_size = {random.integer(1, 5), random.integer(1, 5)};
    layer.stride = {random.integer(1, 4), random.integer(1, 4)};
    layer.padding = {random.integer(0, layer.kernel_size.h / 2), random.integer(0, layer.kernel_size.w / 2)};
    layer.ceil_mode = random.chance(0.5);
    layer.count_include_pad = random.chance(0.5);
    layer.divisor_override = random.chance(0.2) ? random.integer(1, 9) : 0;
    c.layer = layer;
    c.inputs.push_back(random.tensor({random.integer(1, 2), random.pick({1, 3, 5, 17, 64}),
                                      random.integer(5, 12), random.integer(5, 14)}));
    check(c);
    ++done;
  }
}

TEST_CASE("avg_pool2d: windows larger than a batch of pixels, and the whole picture") {
  tests::Random random(162);
  for (const layers::Pair kernel : {layers::Pair{9, 8}, layers::Pair{40, 37}}) {
    Case c;
    layers::AvgPool2d layer;
    layer.kernel_size = layer.stride = kernel;
    c.layer = layer;
    c.inputs.push_back(random.tensor({2, 5, 40, 37}, 0, 9));
    check(c);
  }
}

TEST_CASE("avg_pool2d: NaN and infinities stay in their windows") {
  tests::Random random(163);
  Case c;
  layers::AvgPool2d layer;
  layer.kernel_size = layer.stride = {2, 3};
  c.layer = layer;
  c.inputs.push_back(random.tensor({1, 3, 6, 9}));
  c.inputs[0].values()[0] = tests::kNaN;
  c.inputs[0].values()[60] = -tests::kInfinity;
  check(c);
}

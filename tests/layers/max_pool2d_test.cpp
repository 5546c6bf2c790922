#include "layers/max_pool2d.hpp"

#include <cmath>

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

namespace {

void check(const Case& c) {
  const auto& layer = std::get<layers::MaxPool2d>(c.layer);
  const Shape x = c.inputs[0].shape();
  const Shape y = tests::output_shape(c);
  std::vector<double> expected = tests::results_of(y);
  tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
    double best = -INFINITY;
    for (int i = 0; i < layer.kernel_size.h; ++i)
      for (int j = 0; j < layer.kernel_size.w; ++j) {
        const std::int64_t iy = index[2] * layer.stride.h - layer.padding.h + i * layer.dilation.h;
        const std::int64_t ix = index[3] * layer.stride.w - layer.padding.w + j * layer.dilation.w;
        if (iy < 0 || ix < 0 || iy >= x[2] || ix >= x[3]) continue;
        Shape at = index;
        at[2] = iy, at[3] = ix;
        const double v = tests::element(c.inputs[0], at);
        if (v > best || std::isnan(v)) best = v;
        if (std::isnan(best)) break;
      }
    expected[flat] = best;
  });
  tests::check_everywhere(c, expected);
}

}  // namespace

TEST_CASE("max_pool2d: random attributes") {
  tests::Random random(91);
  int done = 0;
  while (done < 60) {
    layers::MaxPool2d layer;
    layer.kernel_size = {random.integer(1, 4), random.integer(1, 4)};
    layer.stride = {random.integer(1, 3), random.integer(1, 3)};
    layer.padding = {random.integer(0, layer.kernel_size.h / 2), random.integer(0, layer.kernel_size.w / 2)};
    layer.dilation = {random.integer(1, 3), random.integer(1, 3)};
    layer.ceil_mode = random.chance(0.5);
    Case c;
    c.layer = layer;
    c.inputs.push_back(random.tensor({random.integer(1, 3), random.pick({1, 3, 5, 17, 64}),
                                      random.integer(1, 4) + layer.dilation.h * (layer.kernel_size.h - 1),
                                      random.integer(1, 14) + layer.dilation.w * (layer.kernel_size.w - 1)}));
    check(c);
    ++done;
  }
}

TEST_CASE("max_pool2d: NaN is passed on, wherever it is in the window") {
  tests::Random random(92);
  for (int place = 0; place < 9; ++place) {
    Case c;
    layers::MaxPool2d layer;
    layer.kernel_size = {3, 3};
    c.layer = layer;
    c.inputs.push_back(random.tensor({1, 1, 3, 3}));
    c.inputs[0].values()[static_cast<std::size_t>(place)] = tests::kNaN;
    for (const tests::IsaResult& result : tests::run_everywhere(c))
      CHECK(std::isnan(result.output.values()[0]));
  }
}

TEST_CASE("max_pool2d: windows larger than a batch of pixels, and windows of padding alone") {
  tests::Random random(93);
  Case c;
  layers::MaxPool2d layer;
  layer.kernel_size = {9, 8};
  layer.padding = {4, 4};
  c.layer = layer;
  c.inputs.push_back(random.tensor({2, 5, 12, 11}));
  check(c);
  layer.kernel_size = {2, 2};
  layer.padding = {1, 1};
  layer.dilation = {5, 5};
  c.layer = layer;
  c.inputs[0] = random.tensor({1, 3, 4, 4});
  check(c);
}

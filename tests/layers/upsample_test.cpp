#include "layers/upsample.hpp"

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

namespace {

void check(const Case& c, const auto& source_row, const auto& source_column) {
  const Shape y = tests::output_shape(c);
  std::vector<double> expected = tests::results_of(y);
  tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
    Shape at = index;
    at[2] = source_row(index[2]);
    at[3] = source_column(index[3]);
    expected[flat] = tests::element(c.inputs[0], at);
  });
  tests::check_everywhere(c, expected);
}

}  // namespace

TEST_CASE("upsample: whole scales") {
  tests::Random random(101);
  for (const int scale : {1, 2, 4, 8})
    for (const std::int64_t channels : {1, 3, 17, 64}) {
      Case c;
      c.layer = layers::Upsample{layers::Upsample::Mode::kNearest, false, double(scale), double(scale + 1)};
      c.inputs.push_back(random.tensor({2, channels, 5, 3}));
      check(
          c, [&](std::int64_t y) { return y / scale; }, [&](std::int64_t x) { return x / (scale + 1); });
    }
}

TEST_CASE("upsample: to another value's size, larger and smaller") {
  tests::Random random(102);
  const std::pair<std::int64_t, std::int64_t> sizes[] = {{10, 20}, {7, 9}, {1, 1}, {5, 3}, {13, 2}};
  for (const auto& size : sizes) {
    Case c;
    c.layer = layers::Upsample{layers::Upsample::Mode::kNearest, true, 1, 1};
    c.inputs.push_back(random.tensor({2, 5, 5, 3}));
    c.inputs.push_back(random.tensor({1, 2, size.first, size.second}));
    const auto rows = [&size](std::int64_t y) { return y * 5 / size.first; };
    const auto columns = [&size](std::int64_t x) { return x * 3 / size.second; };
    check(c, rows, columns);
  }
}

namespace {

/// Two indices and the weight of the second one.
struct Between {
  std::int64_t first, second;
  double weight;
};

/// PyTorch's formula, but in double precision: the result is continuous in the coordinate.
Between between(const layers::Upsample& layer, std::int64_t at, std::int64_t in, std::int64_t out,
                double scale) {
  if (in == out) return {at, at, 0};
  double source;
  if (layer.align_corners)
    source = out > 1 ? double(at) * double(in - 1) / double(out - 1) : 0;
  else
    source = std::max((double(at) + 0.5) * (layer.to_size ? double(in) / double(out) : 1 / scale) - 0.5, 0.0);
  const std::int64_t first = std::min(static_cast<std::int64_t>(source), in - 1);
  return {first, std::min(first + 1, in - 1), source - double(first)};
}

void check_bilinear(const Case& c) {
  const auto& layer = std::get<layers::Upsample>(c.layer);
  const Shape& x = c.inputs[0].shape();
  const Shape y = tests::output_shape(c);
  std::vector<double> expected = tests::results_of(y);
  tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
    const Between row = between(layer, index[2], x[2], y[2], layer.scale_h);
    const Between column = between(layer, index[3], x[3], y[3], layer.scale_w);
    const auto at = [&](std::int64_t h, std::int64_t w) {
      return tests::element(c.inputs[0], {index[0], index[1], h, w});
    };
    expected[flat] = (1 - row.weight) * ((1 - column.weight) * at(row.first, column.first) +
                                         column.weight * at(row.first, column.second)) +
                     row.weight * ((1 - column.weight) * at(row.second, column.first) +
                                   column.weight * at(row.second, column.second));
  });
  tests::check_closely(c, expected, 1e-5, 0);
}

}  // namespace

TEST_CASE("upsample: bilinear by scale, with and without align_corners") {
  tests::Random random(103);
  const std::pair<double, double> scales[] = {{2, 2}, {4, 8}, {1, 2}, {1.5, 2.75}, {0.5, 0.4}, {1.05, 1.3}};
  for (const auto& [scale_h, scale_w] : scales)
    for (const bool align_corners : {false, true})
      for (const std::int64_t channels : {1, 3, 17, 64}) {
        Case c;
        layers::Upsample layer{layers::Upsample::Mode::kBilinear, false, scale_h, scale_w};
        layer.align_corners = align_corners;
        c.layer = layer;
        c.inputs.push_back(random.tensor({2, channels, 7, 9}));
        check_bilinear(c);
      }
}

TEST_CASE("upsample: bilinear to a size, fixed or another value's") {
  tests::Random random(104);
  const std::pair<int, int> sizes[] = {{10, 20}, {7, 9}, {1, 1}, {14, 5}, {3, 70}, {1, 9}};
  for (const auto& [height, width] : sizes)
    for (const bool align_corners : {false, true})
      for (const bool fixed : {false, true}) {
        Case c;
        layers::Upsample layer{layers::Upsample::Mode::kBilinear, true, 1, 1};
        layer.align_corners = align_corners;
        c.inputs.push_back(random.tensor({2, 5, 7, 9}));
        if (fixed)
          layer.size = {height, width};
        else
          c.inputs.push_back(random.tensor({1, 2, height, width}));
        c.layer = layer;
        check_bilinear(c);
      }
}

TEST_CASE("upsample: nearest to a fixed size") {
  tests::Random random(105);
  Case c;
  layers::Upsample layer{layers::Upsample::Mode::kNearest, true, 1, 1};
  layer.size = {11, 4};
  c.layer = layer;
  c.inputs.push_back(random.tensor({2, 5, 5, 3}));
  check(
      c, [](std::int64_t y) { return y * 5 / 11; }, [](std::int64_t x) { return x * 3 / 4; });
}

TEST_CASE("upsample: bilinear passes NaN and infinities on to the pixels around them, no further") {
  Case c;
  c.layer = layers::Upsample{layers::Upsample::Mode::kBilinear, false, 1, 2};
  c.inputs.emplace_back(Shape{1, 1, 1, 6});
  const float values[] = {1, 1, tests::kNaN, 1, 1, tests::kInfinity};
  std::copy(std::begin(values), std::end(values), c.inputs[0].data());
  const double nan = tests::kNaN;
  // Infinity times the weight 0 of the row below is NaN, in PyTorch as well.
  tests::check_closely(c, {1, 1, 1, nan, nan, nan, nan, 1, 1, nan, nan, nan}, 1e-6, 0);
}

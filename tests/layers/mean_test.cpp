#include "layers/mean.hpp"

#include <algorithm>
#include <cmath>

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

namespace {

std::vector<double> expected_of(const Case& c, const layers::Mean& layer) {
  const Tensor& x = c.inputs[0];
  const Shape y = tests::output_shape(c);
  std::vector<double> expected = tests::results_of(y);
  double count = 1;
  for (const int axis : layer.axes) count *= static_cast<double>(x.shape()[axis]);
  tests::for_each_index(x.shape(), [&](const Shape& index, std::size_t flat) {
    std::int64_t to = 0;
    for (int axis = 0; axis < x.shape().rank(); ++axis)
      if (!std::binary_search(layer.axes.begin(), layer.axes.end(), axis))
        to = to * x.shape()[axis] + index[axis];
    expected[static_cast<std::size_t>(to)] += double{x.values()[flat]} / count;
  });
  return expected;
}

}  // namespace

TEST_CASE("mean: every set of axes of every rank, with and without keepdim") {
  tests::Random random(151);
  const Shape shapes[] = {{9},           {5, 33},         {3, 5, 6},          {2, 17, 9, 7},
                          {1, 3, 70, 5}, {2, 3, 2, 5, 3}, {2, 2, 3, 2, 2, 4}, {1, 1, 1, 1}};
  for (const Shape& shape : shapes)
    for (unsigned set = 1; set < 1u << shape.rank(); ++set)
      for (const bool keepdim : {true, false}) {
        layers::Mean layer;
        for (int axis = 0; axis < shape.rank(); ++axis)
          if ((set >> axis & 1) != 0) layer.axes.push_back(axis);
        layer.keepdim = keepdim;
        if (!keepdim && static_cast<int>(layer.axes.size()) == shape.rank()) continue;
        Case c;
        c.layer = layer;
        c.inputs.push_back(random.tensor(shape, -3, 4));
        tests::check_closely(c, expected_of(c, layer), 2e-6, 1e-6);
      }
}

TEST_CASE("mean: of a million elements, 1e-5 of the true one") {
  tests::Random random(152);
  const std::pair<Shape, std::vector<int>> cases[] = {
      {{1, 1, 1024, 1024}, {2, 3}}, {{1, 3, 1024, 1024}, {2, 3}},
      {{2, 40, 200, 160}, {2, 3}},  {{1 << 20}, {0}},
      {{1 << 20, 3}, {0}},          {{3, 700, 40, 40}, {0, 1, 2, 3}},
      {{1, 2048, 4, 5}, {1}},       {{1, 1 << 18, 1, 2}, {1}}};
  for (const auto& [shape, axes] : cases) {
    layers::Mean layer;
    layer.axes = axes;
    Case c;
    c.layer = layer;
    c.inputs.push_back(random.tensor(shape, 0, 1000));
    tests::check_closely(c, expected_of(c, layer), 0, 1e-6);
  }
}

TEST_CASE("mean: NaN and infinities stay in their own result") {
  for (const std::vector<int>& axes : {std::vector<int>{2, 3}, std::vector<int>{1}}) {
    tests::Random random(153);
    layers::Mean layer;
    layer.axes = axes;
    Case c;
    c.layer = layer;
    c.inputs.push_back(random.tensor({2, 19, 6, 5}));
    c.inputs[0].values()[7] = tests::kNaN;
    c.inputs[0].values()[700] = tests::kInfinity;
    tests::check_closely(c, expected_of(c, layer), 1e-6, 0);
  }
}

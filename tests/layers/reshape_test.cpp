#include "layers/reshape.hpp"

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

namespace {

void check(const Shape& x, const layers::Reshape& layer, const Shape& y, tests::Random& random) {
  Case c;
  c.layer = layer;
  c.inputs.push_back(random.tensor(x));
  REQUIRE(tests::output_shape(c) == y);
  const auto values = c.inputs[0].values();
  tests::check_closely(c, std::vector<double>(values.begin(), values.end()), 0, 0);
}

void check(const Shape& x, const Shape& y, tests::Random& random) {
  layers::Reshape layer;
  for (const std::int64_t size : y.sizes()) layer.dimensions.push_back({size, 0, 1, 1});
  check(x, layer, y, random);
}

}  // namespace

TEST_CASE("reshape: between all ranks, the elements stay in PyTorch's order") {
  tests::Random random(191);
  const Shape shapes[] = {{120},         {6, 20},         {2, 5, 12},        {2, 3, 4, 5},
                          {4, 5, 2, 3},  {120, 1, 1, 1},  {1, 120, 1, 1},    {1, 1, 1, 120},
                          {1, 2, 60, 1}, {2, 3, 2, 2, 5}, {1, 2, 3, 2, 2, 5}};
  for (const Shape& x : shapes)
    for (const Shape& y : shapes) check(x, y, random);
}

TEST_CASE("reshape: large pictures; copied, divided and open sizes") {
  tests::Random random(192);
  check({1, 64, 40, 41}, {64, 1640}, random);
  check({2, 20, 30, 31}, {2, 4, 5, 30, 31}, random);
  check({2, 4, 5, 30, 31}, {2, 20, 30, 31}, random);
  check({1, 64, 40, 41}, {1, 32, 80, 41}, random);
  layers::Reshape shuffle;  // N, 4, C / 4, H, W
  shuffle.dimensions = {{0, 0, 1, 1}, {4, 0, 1, 1}, {0, 1, 1, 4}, {0, 2, 1, 1}, {0, 3, 1, 1}};
  check({2, 20, 6, 7}, shuffle, {2, 4, 5, 6, 7}, random);
  layers::Reshape flatten;
  flatten.dimensions = {{0, 0, 1, 1}, {-1, 0, 1, 1}};
  check({3, 20, 6, 7}, flatten, {3, 840}, random);
  layers::Reshape scaled;
  scaled.dimensions = {{0, 0, 1, 1}, {-1, 0, 1, 1}, {0, 2, 2, 1}, {0, 3, 3, 1}};
  check({2, 12, 5, 4}, scaled, {2, 2, 10, 12}, random);
}

// Shape rules of the layers that move, average and rearrange.
#include <doctest/doctest.h>

#include "layers/layer.hpp"

using namespace pliant;
using namespace pliant::layers;

namespace {

const NodeContext kContext("layer", "node", {});

template <class L>
Shape shape_of(const L& layer, const Shape& x) {
  const std::vector<int> ranks{x.rank()};
  const std::vector<int> result = validate(layer, kContext, ranks);
  const Shape y = infer_shapes(layer, kContext, std::vector<Shape>{x})[0];
  CHECK(y.rank() == result[0]);
  return y;
}

}  // namespace

TEST_CASE("reshape: constants, copies, factors and one open size") {
  // Channel shuffle: [n, c, h, w] -> [n, 2, c/2, h, w] -> [n, c, h, w]
  Reshape r{{{0, 0, 1, 1}, {2}, {0, 1, 1, 2}, {0, 2, 1, 1}, {0, 3, 1, 1}}};
  CHECK(shape_of(r, {3, 10, 4, 5}) == Shape{3, 2, 5, 4, 5});
  r = {{{0, 0, 1, 1}, {-1}}};
  CHECK(shape_of(r, {3, 10, 4, 5}) == Shape{3, 200});
  r = {{{0, 0, 1, 1}, {0, 1, 3, 1}}};
  CHECK_THROWS_AS(shape_of(r, {3, 10}), Error);  // 90 elements out of 30
  r = {{{0, 1, 1, 3}, {-1}}};
  CHECK_THROWS_AS(shape_of(r, {3, 10}), Error);  // 10 / 3
  r = {{{-1}, {-1}}};
  CHECK_THROWS_AS(shape_of(r, {3, 10}), Error);
  r = {{{7}, {-1}}};
  CHECK_THROWS_AS(shape_of(r, {3, 10}), Error);
}

TEST_CASE("transpose") {
  CHECK(shape_of(Transpose{{0, 2, 3, 1}}, {1, 2, 3, 4}) == Shape{1, 3, 4, 2});
  CHECK_THROWS_AS(shape_of(Transpose{{0, 0, 1, 2}}, {1, 2, 3, 4}), Error);
  CHECK_THROWS_AS(shape_of(Transpose{{1, 0}}, {1, 2, 3}), Error);
}

TEST_CASE("mean with and without the reduced axes") {
  CHECK(shape_of(Mean{{2, 3}, true}, {2, 5, 7, 9}) == Shape{2, 5, 1, 1});
  CHECK(shape_of(Mean{{1}, false}, {2, 5, 7, 9}) == Shape{2, 7, 9});
  CHECK_THROWS_AS(shape_of(Mean{{0, 1}, false}, {2, 5}), Error);
  CHECK_THROWS_AS(shape_of(Mean{{1, 1}, true}, {2, 5}), Error);
}

TEST_CASE("pad: added and cut off") {
  Pad pad{{0, 0, 1, -1}, {0, 0, 2, 3}};
  CHECK(shape_of(pad, {1, 1, 4, 4}) == Shape{1, 1, 7, 6});
  pad = {{-4, 0}, {0, 0}};
  CHECK_THROWS_AS(shape_of(pad, {4, 4}), Error);
  pad = {{0, 3}, {0, 0}, Pad::Mode::kReflect};
  CHECK(shape_of(pad, {4, 4}) == Shape{4, 7});
  CHECK_THROWS_AS(shape_of(pad, {4, 3}), Error);
}

TEST_CASE("average pooling in ceil mode") {
  CHECK(shape_of(AvgPool2d{{2, 2}, {2, 2}, {0, 0}, true}, {1, 1, 5, 6}) == Shape{1, 1, 3, 3});
  CHECK(shape_of(AvgPool2d{{2, 2}, {2, 2}, {0, 0}, false}, {1, 1, 5, 6}) == Shape{1, 1, 2, 3});
  CHECK_THROWS_AS(shape_of(AvgPool2d{{2, 2}, {2, 2}, {2, 0}}, {1, 1, 5, 6}), Error);
}

TEST_CASE("upsample to a fixed size") {
  Upsample up;
  up.mode = Upsample::Mode::kBilinear;
  up.to_size = true;
  up.size = {5, 9};
  CHECK(shape_of(up, {2, 3, 4, 4}) == Shape{2, 3, 5, 9});
  up.to_size = false;
  CHECK_THROWS_AS(shape_of(up, {2, 3, 4, 4}), Error);
}

TEST_CASE("deformable RoI pooling checks its channels and offsets") {
  DeformRoIPool pool;
  pool.pooled_size = 3;
  pool.output_dim = 4;
  pool.group_size = 3;
  pool.part_size = 3;
  const std::vector<Shape> inputs{{1, 36, 20, 20}, {7, 5}};
  CHECK(infer_shapes(pool, kContext, inputs)[0] == Shape{7, 4, 3, 3});
  const std::vector<Shape> wrong{{1, 35, 20, 20}, {7, 5}};
  CHECK_THROWS_AS(infer_shapes(pool, kContext, wrong), Error);
  pool.has_trans = true;
  const std::vector<Shape> with{{1, 36, 20, 20}, {7, 5}, {7, 4, 3, 3}};
  CHECK(infer_shapes(pool, kContext, with)[0] == Shape{7, 4, 3, 3});
}

#include <doctest/doctest.h>

#include "layers/layer.hpp"

using namespace pliant;
using namespace pliant::layers;

TEST_CASE("window output sizes are PyTorch's") {
  CHECK(window_output_size(640, 7, 2, 3, 1) == 320);
  CHECK(window_output_size(1, 3, 1, 1, 1) == 1);
  CHECK(window_output_size(5, 3, 2, 0, 2) == 1);
  CHECK(window_output_size(4, 3, 2, 0, 2) == 0);
}

TEST_CASE("max pooling in ceil mode") {
  const NodeContext context("max_pool2d", "p", {});
  MaxPool2d pool{{3, 3}, {2, 2}, {0, 0}, {1, 1}, true};
  CHECK(infer_shapes(pool, context, std::vector<Shape>{{1, 1, 6, 7}})[0] == Shape{1, 1, 3, 3});
  // The last window would start in the right padding: PyTorch drops it.
  pool = {{2, 2}, {2, 2}, {1, 1}, {1, 1}, true};
  CHECK(infer_shapes(pool, context, std::vector<Shape>{{1, 1, 3, 5}})[0] == Shape{1, 1, 2, 3});
}

TEST_CASE("slices follow NumPy") {
  Slice s{1, 0, 18, 1};
  CHECK(slice_range(s, 27).count == 18);
  s = {1, -9, INT64_MAX, 1};
  CHECK(slice_range(s, 27).first == 18);
  CHECK(slice_range(s, 27).count == 9);
  s = {1, INT64_MIN, INT64_MAX, 2};
  CHECK(slice_range(s, 5).count == 3);
  s = {1, 3, 1, 1};
  CHECK(slice_range(s, 5).count == 0);
}

TEST_CASE("nearest source indices") {
  CHECK(nearest_indices(3, 6, false, 2) == std::vector<std::int32_t>{0, 0, 1, 1, 2, 2});
  CHECK(nearest_indices(3, 5, true, 1) == std::vector<std::int32_t>{0, 0, 1, 1, 2});
  CHECK(nearest_indices(3, 6, false, 2.05) == std::vector<std::int32_t>{0, 0, 0, 1, 1, 2});
  CHECK(nearest_indices(4, 1, true, 1) == std::vector<std::int32_t>{0});
}

TEST_CASE("errors name the node, what was expected and what came") {
  const std::vector<float> zeros(64 * 3 * 3 * 3);
  const std::vector<Weight> weights{{"w", {64, 3, 3, 3}, zeros.data()}};
  const NodeContext context("conv2d", "layer1.0.conv1", weights);
  Conv2d conv;
  conv.weight.index = 0;
  CHECK_THROWS_WITH_AS(infer_shapes(conv, context, std::vector<Shape>{{1, 4, 8, 8}}),
                       "conv2d 'layer1.0.conv1': input has 4 channels, weight expects 3", Error);
  CHECK_THROWS_WITH_AS(infer_shapes(conv, context, std::vector<Shape>{{1, 3, 2, 8}}),
                       doctest::Contains("smaller than the kernel"), Error);
  conv.groups = 5;
  CHECK_THROWS_WITH_AS(validate(conv, context, std::vector<int>{4}), doctest::Contains("groups is 5"), Error);
  conv.groups = 1;
  conv.stride = {0, 1};
  CHECK_THROWS_WITH_AS(validate(conv, context, std::vector<int>{4}), doctest::Contains("stride is 0x1"),
                       Error);
  conv.stride = {1, 1};
  conv.weight.index = 3;
  CHECK_THROWS_WITH_AS(validate(conv, context, std::vector<int>{4}), doctest::Contains("weight is weight 3"),
                       Error);
}

TEST_CASE("deformable convolution refuses maps of another size unless told to read them flat") {
  const std::vector<float> zeros(4 * 4 * 9);
  const std::vector<Weight> weights{{"w", {4, 4, 3, 3}, zeros.data()}};
  const NodeContext context("deform_conv2d", "conv2", weights);
  DeformConv2d conv;
  conv.weight.index = 0;
  conv.masked = true;
  conv.padding = {1, 1};
  conv.stride = {2, 2};
  const std::vector<Shape> inputs{{1, 4, 8, 8}, {1, 18, 8, 8}, {1, 9, 8, 8}};
  CHECK_THROWS_WITH_AS(infer_shapes(conv, context, inputs), doctest::Contains("flat_prefix"), Error);
  conv.offset_read = DeformConv2d::OffsetRead::kFlatPrefix;
  CHECK(infer_shapes(conv, context, inputs)[0] == Shape{1, 4, 4, 4});
  const std::vector<Shape> small{{1, 4, 8, 8}, {1, 18, 2, 2}, {1, 9, 2, 2}};
  CHECK_THROWS_AS(infer_shapes(conv, context, small), Error);
}

TEST_CASE("broadcasting") {
  const NodeContext context("add", "a", {});
  CHECK(infer_shapes(Add{}, context, std::vector<Shape>{{2, 3, 1, 5}, {1, 3, 4, 1}})[0] == Shape{2, 3, 4, 5});
  CHECK_THROWS_AS(infer_shapes(Add{}, context, std::vector<Shape>{{2, 3}, {2, 4}}), Error);
  CHECK_THROWS_AS(validate(Add{}, context, std::vector<int>{3, 4}), Error);
}

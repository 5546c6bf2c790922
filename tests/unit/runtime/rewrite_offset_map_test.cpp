// Deformable convolutions that read offsets and mask from the map of their offset convolution.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "pliant/pliant.hpp"
#include "tests/support/rewrites.hpp"
#include "tests/support/small_network.hpp"

using namespace pliant;
using test::count;
using test::ModelBuilder;
using test::rewritten;
using test::run;

namespace {

constexpr int kChannels = 8;

/// x[N,8,H,W] -> offset convolution -> whatever a case puts between -> deformable convolution.
struct Network {
  ModelBuilder m;
  test::RandomFloats random{7};
  int x = m.value("x");
  std::vector<int> inputs{x};

  int conv(const std::string& name, int in, int outputs, int stride = 1) {
    const auto count = static_cast<std::size_t>(outputs * kChannels * 9);
    const int w = m.weight(name + ".weight", {outputs, kChannels, 3, 3}, random(count));
    const int b = m.weight(name + ".bias", {outputs}, random(static_cast<std::size_t>(outputs)));
    const int out = m.value(name);
    const schema::Pair one(1, 1), s(stride, stride);
    m.node(name, schema::CreateConv2d(m.fbb, w, b, &s, &one, &one, 1), {in}, {out});
    return out;
  }
  int slice(int in, int start, int end, int step = 1, int axis = 1) {
    return unary("slice", schema::CreateSlice(m.fbb, axis, start, end, step), {in});
  }
  int sigmoid(int in) { return unary("sigmoid", schema::CreateSigmoid(m.fbb), {in}); }
  int concat(const std::vector<int>& parts) { return unary("concat", schema::CreateConcat(m.fbb, 1), parts); }
  int deform(std::vector<int> maps, int stride = 1, int offset_groups = 1,
             schema::OffsetRead read = schema::OffsetRead::exact) {
    const int w = m.weight("deform.weight", {5, kChannels, 3, 3}, random(5 * kChannels * 9));
    const schema::Pair one(1, 1), s(stride, stride);
    maps.insert(maps.begin(), x);
    return unary("deform", schema::CreateDeformConv2d(m.fbb, w, -1, &s, &one, &one, 1, offset_groups, read),
                 maps);
  }
  int input(const std::string& name, int channels) {
    const int value = m.value(name);
    m.input(value, name, {-1, channels, -1, -1});
    return value;
  }
  template <class Table>
  int unary(const std::string& name, Table layer, const std::vector<int>& in) {
    const int out = m.value(name + std::to_string(++made_));
    m.node(name + std::to_string(made_), layer, in, {out});
    return out;
  }
  Model finish(const std::vector<int>& outputs) {
    m.input(x, "x", {-1, kChannels, -1, -1});
    for (const int out : outputs) m.output(out, "y" + std::to_string(out), {-1, -1, -1, -1});
    return Model::from_memory(m.finish());
  }

 private:
  int made_ = 0;
};

const layers::DeformConv2d& deform_of(const Model& model) {
  for (const runtime::Node& node : rewritten(model).nodes)
    if (const auto* layer = std::get_if<layers::DeformConv2d>(&node.layer)) return *layer;
  throw Error(ErrorCode::kInternal, "no deformable convolution");
}

/// With and without rewrites, at an odd and an even size.
void check_same_results(const Model& model) {
  for (const auto& [batch, height, width] : {std::array{1, 9, 7}, std::array{2, 6, 12}}) {
    std::vector<Tensor> inputs;
    for (const PortInfo& port : model.inputs()) {
      inputs.emplace_back(Shape{batch, port.shape[1], height, width});
      const auto values = test::RandomFloats(9)(inputs.back().values().size(), -1, 1);
      std::copy(values.begin(), values.end(), inputs.back().values().begin());
    }
    const std::vector<ConstTensorView> views(inputs.begin(), inputs.end());
    const auto with = run(model, views, true);
    const auto without = run(model, views, false);
    REQUIRE(with.size() == without.size());
    for (std::size_t i = 0; i < with.size(); ++i) {
      REQUIRE(with[i].shape() == without[i].shape());
      for (std::size_t j = 0; j < with[i].values().size(); ++j)
        REQUIRE(with[i].values()[j] == doctest::Approx(without[i].values()[j]).epsilon(1e-5));
    }
  }
}

/// Nothing is left between the two convolutions.
void check_reads_map(const Model& model, std::int64_t offset, std::int64_t mask, bool sigmoid) {
  const auto& layer = deform_of(model);
  REQUIRE(layer.one_map.has_value());
  CHECK(layer.one_map->offset == offset);
  CHECK(layer.one_map->mask == mask);
  CHECK(layer.one_map->sigmoid == sigmoid);
  CHECK(rewritten(model).nodes.size() == 2);
  check_same_results(model);
}

}  // namespace

TEST_CASE("rewrite: offsets and mask are read from the map of the offset convolution") {
  Network n;
  SUBCASE("offsets, then the mask") {
    const int map = n.conv("map", n.x, 27);
    check_reads_map(n.finish({n.deform({n.slice(map, 0, 18), n.sigmoid(n.slice(map, 18, 27))})}), 0, 18,
                    true);
  }
  SUBCASE("the mask first, bounds from the end, channels that nobody reads") {
    const int map = n.conv("map", n.x, 31);
    const Model model = n.finish({n.deform({n.slice(map, -18, 1000), n.sigmoid(n.slice(map, 2, 11))})});
    check_reads_map(model, 13, 2, true);
  }
  SUBCASE("offsets in two parts that are joined again") {
    const int map = n.conv("map", n.x, 27);
    const int offset = n.concat({n.slice(map, 0, 9), n.slice(map, 9, 18)});
    check_reads_map(n.finish({n.deform({offset, n.sigmoid(n.slice(map, 18, 27))})}), 0, 18, true);
  }
  SUBCASE("a mask without sigmoid, two groups of offsets") {
    const int map = n.conv("map", n.x, 54);
    check_reads_map(n.finish({n.deform({n.slice(map, 0, 36), n.slice(map, 36, 54)}, 1, 2)}), 0, 36, false);
  }
  SUBCASE("no mask") {
    const int map = n.conv("map", n.x, 27);
    check_reads_map(n.finish({n.deform({n.slice(map, 9, 27)})}), 9, 0, false);
  }
  SUBCASE("a larger map that is read as if it were packed") {
    const int map = n.conv("map", n.x, 27);
    const Model model = n.finish({n.deform({n.slice(map, 0, 18), n.sigmoid(n.slice(map, 18, 27))}, 2, 1,
                                           schema::OffsetRead::flat_prefix)});
    check_reads_map(model, 0, 18, true);
  }
  SUBCASE("both with stride 2") {
    const int map = n.conv("map", n.x, 27, 2);
    const Model model = n.finish({n.deform({n.slice(map, 0, 18), n.sigmoid(n.slice(map, 18, 27))}, 2)});
    check_reads_map(model, 0, 18, true);
  }
}

TEST_CASE("rewrite: parts of the map that others read, too, stay") {
  Network n;
  const int map = n.conv("map", n.x, 27);
  const int offset = n.slice(map, 0, 18);
  const int mask = n.sigmoid(n.slice(map, 18, 27));
  const Model model = n.finish({n.deform({offset, mask}), offset, mask});
  CHECK(deform_of(model).one_map.has_value());
  CHECK(count(model, "slice") == 2);
  CHECK(count(model, "sigmoid") == 1);
  check_same_results(model);
}

TEST_CASE("rewrite: offsets and masks that are no channels of one convolution's map are left alone") {
  Network n;
  const auto check_left_alone = [](const Model& model) {
    CHECK(!deform_of(model).one_map.has_value());
    check_same_results(model);
  };
  SUBCASE("the whole map is offsets") { check_left_alone(n.finish({n.deform({n.conv("map", n.x, 18)})})); }
  SUBCASE("two convolutions") {
    check_left_alone(n.finish({n.deform({n.conv("offset", n.x, 18), n.sigmoid(n.conv("mask", n.x, 9))})}));
  }
  SUBCASE("inputs of the network") {
    const int map = n.input("map", 27);
    check_left_alone(n.finish({n.deform({n.slice(map, 0, 18), n.sigmoid(n.slice(map, 18, 27))})}));
  }
  SUBCASE("every other channel") {
    const int map = n.conv("map", n.x, 36);
    check_left_alone(n.finish({n.deform({n.slice(map, 0, 36, 2), n.sigmoid(n.slice(map, 18, 27))})}));
  }
  SUBCASE("parts in another order") {
    const int map = n.conv("map", n.x, 27);
    const int offset = n.concat({n.slice(map, 9, 18), n.slice(map, 0, 9)});
    check_left_alone(n.finish({n.deform({offset, n.sigmoid(n.slice(map, 18, 27))})}));
  }
  SUBCASE("two sigmoids on the mask") {
    const int map = n.conv("map", n.x, 27);
    const int mask = n.sigmoid(n.sigmoid(n.slice(map, 18, 27)));
    check_left_alone(n.finish({n.deform({n.slice(map, 0, 18), mask})}));
  }
  SUBCASE("a sigmoid on the offsets") {
    const int map = n.conv("map", n.x, 27);
    check_left_alone(n.finish({n.deform({n.sigmoid(n.slice(map, 0, 18)), n.slice(map, 18, 27)})}));
  }
  SUBCASE("rows of the map") {
    const int map = n.conv("map", n.x, 18);
    check_left_alone(n.finish({n.deform({n.slice(map, 0, 1000, 1, 2)})}));
  }
}

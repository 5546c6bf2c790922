// The passes around convolutions (of upsampled maps, in pairs): what they do, what they leave alone, and that
// the results stay.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "pliant/pliant.hpp"
#include "tests/support/rewrites.hpp"
#include "tests/support/small_network.hpp"

using namespace pliant;
using test::count;
using test::ModelBuilder;
using test::rewritten;
using test::run;

namespace {

/// Builds networks of convolutions, upsamplings, sums and concatenations.
struct Network {
  ModelBuilder m;
  test::RandomFloats random{5};
  int x = m.value("x");

  int conv(const std::string& name, int in, int channels, int outputs, int kernel, bool bias) {
    const auto count = static_cast<std::size_t>(outputs * channels * kernel * kernel);
    const int w = m.weight(name + ".weight", {outputs, channels, kernel, kernel}, random(count));
    const int b = bias ? m.weight(name + ".bias", {outputs}, random(static_cast<std::size_t>(outputs))) : -1;
    const int out = m.value(name);
    const schema::Pair one(1, 1), padding(kernel / 2, kernel / 2);
    m.node(name, schema::CreateConv2d(m.fbb, w, b, &one, &padding, &one, 1), {in}, {out});
    return out;
  }
  int halved(const std::string& name, int in, int factor) {
    const int out = m.value(name);
    const schema::Pair pair(factor, factor);
    m.node(name, schema::CreateMaxPool2d(m.fbb, &pair, &pair), {in}, {out});
    return out;
  }
  int pool(const std::string& name, int in, int kernel, int stride) {
    const int out = m.value(name);
    const schema::Pair size(kernel, kernel), step(stride, stride), padding(kernel / 2, kernel / 2);
    m.node(name, schema::CreateMaxPool2d(m.fbb, &size, &step, &padding), {in}, {out});
    return out;
  }
  int up(const std::string& name, int in, double h, double w) {
    const int out = m.value(name);
    m.node(name, schema::CreateUpsample(m.fbb, schema::UpsampleMode::nearest, h, w), {in}, {out});
    return out;
  }
  int add(const std::string& name, int a, int b) {
    const int out = m.value(name);
    m.node(name, schema::CreateAdd(m.fbb), {a, b}, {out});
    return out;
  }
  int concat(const std::string& name, const std::vector<int>& inputs) {
    const int out = m.value(name);
    m.node(name, schema::CreateConcat(m.fbb, 1), inputs, {out});
    return out;
  }
  int relu(const std::string& name, int in) {
    const int out = m.value(name);
    m.node(name, schema::CreateReLU(m.fbb), {in}, {out});
    return out;
  }
  int transposed(const std::string& name, int in, int channels, int outputs, int kernel, int stride) {
    const auto count = static_cast<std::size_t>(outputs * channels * kernel * kernel);
    const int w = m.weight(name + ".weight", {channels, outputs, kernel, kernel}, random(count));
    const int b = m.weight(name + ".bias", {outputs}, random(static_cast<std::size_t>(outputs)));
    const int out = m.value(name);
    const schema::Pair pair(stride, stride);
    m.node(name, schema::CreateConvTranspose2d(m.fbb, w, b, &pair), {in}, {out});
    return out;
  }
  Model finish(const std::vector<int>& outputs) {
    m.input(x, "x", {-1, 8, -1, -1}, {1, 1, 8, 8});
    for (const int out : outputs) m.output(out, "y" + std::to_string(out), {-1, -1, -1, -1});
    return Model::from_memory(m.finish());
  }
};

std::size_t upsampled(const Model& model) {
  const auto& nodes = rewritten(model).nodes;
  return static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [](const runtime::Node& node) {
    const auto* conv = std::get_if<layers::Conv2d>(&node.layer);
    return conv != nullptr && !(conv->upsample == layers::Pair{1, 1});
  }));
}

/// Calls check(with, without rewrites) for each output of the model, at these input shapes.
template <class Check>
void compare(const Model& model, std::initializer_list<Shape> shapes, const Check& check) {
  for (const Shape& shape : shapes) {
    Tensor image(shape);
    const auto values = test::RandomFloats(9)(image.values().size(), -1, 1);
    std::copy(values.begin(), values.end(), image.values().begin());
    const auto with = run(model, image, true);
    const auto without = run(model, image, false);
    REQUIRE(with.size() == without.size());
    for (std::size_t i = 0; i < with.size(); ++i) {
      REQUIRE(with[i].shape() == without[i].shape());
      check(with[i], without[i]);
    }
  }
}

/// Rewrites that move no rounding: every bit stays.
void check_same_bits(const Model& model) {
  compare(model, {{1, 8, 8, 8}, {2, 8, 40, 24}}, [](const Tensor& with, const Tensor& without) {
    CHECK(std::equal(with.values().begin(), with.values().end(), without.values().begin()));
  });
}

void check_same_results(const Model& model) {
  compare(model, {{1, 8, 8, 8}, {2, 8, 16, 40}}, [](const Tensor& with, const Tensor& without) {
    float most = 0;
    for (const float v : without.values()) most = std::max(most, std::abs(v));
    for (std::size_t j = 0; j < with.values().size(); ++j)
      REQUIRE(std::abs(with.values()[j] - without.values()[j]) <= 1e-5F + 1e-5F * most);
  });
}

}  // namespace

TEST_CASE("rewrite: a convolution of a concatenation becomes a sum, and enlarges its inputs itself") {
  Network n;
  const int fine = n.conv("fine", n.x, 8, 5, 3, false);
  const int coarse = n.up("up2", n.conv("half", n.halved("pool2", n.x, 2), 8, 7, 3, true), 2, 2);
  const int coarser = n.up("up8", n.conv("eighth", n.halved("pool8", n.x, 8), 8, 4, 1, true), 8, 8);
  const int all = n.concat("all", {coarser, coarse, fine});
  const Model model = n.finish({n.relu("relu", n.conv("head", all, 16, 6, 3, true))});
  CHECK(count(model, "concat") == 0);
  CHECK(count(model, "upsample") == 0);
  CHECK(count(model, "relu") == 0);
  CHECK(upsampled(model) == 2);
  const auto& last = std::get<layers::Conv2d>(rewritten(model).nodes.back().layer);
  CHECK(last.epilogue == layers::Epilogue{true, layers::Activation::kReLU});
  CHECK(last.bias.present());
  check_same_results(model);
}

TEST_CASE("rewrite: a 1x1 convolution before a sum with an upsampled map folds into the next one") {
  Network n;
  const int small = n.conv("small", n.halved("pool", n.x, 2), 8, 32, 1, true);
  const int sum = n.add("sum", n.up("up", small, 2, 2), n.conv("lateral", n.x, 8, 32, 1, false));
  const Model model = n.finish({n.conv("smooth", sum, 32, 8, 3, true)});
  CHECK(count(model, "add") == 0);
  CHECK(count(model, "upsample") == 0);
  CHECK(count(model, "conv2d") == 3);
  CHECK(upsampled(model) == 1);
  check_same_results(model);
}

TEST_CASE("rewrite: what does not fit stays as it was") {
  const auto leaves_alone = [](auto build) {
    Network n;
    const Model model = n.finish(build(n));
    CHECK(upsampled(model) == 0);
    check_same_results(model);
    return count(model, "concat") + count(model, "add") + count(model, "upsample");
  };
  SUBCASE("a concatenation that is read twice is not split") {
    CHECK(leaves_alone([](Network& n) -> std::vector<int> {
            const int up = n.up("up", n.halved("pool", n.x, 2), 2, 2);
            const int all = n.concat("all", {up, n.x});
            return {n.conv("a", all, 16, 4, 3, true), n.relu("b", all)};
          }) == 2);
  }
  SUBCASE("a kernel of another size") {
    CHECK(leaves_alone([](Network& n) -> std::vector<int> {
            return {n.conv("a", n.up("up", n.halved("pool", n.x, 2), 2, 2), 8, 4, 5, true)};
          }) == 1);
  }
  SUBCASE("a factor whose indices depend on rounding, or that is no whole number") {
    CHECK(leaves_alone([](Network& n) -> std::vector<int> {
            return {n.conv("a", n.up("up", n.halved("pool", n.x, 2), 3, 3), 8, 4, 3, true)};
          }) == 1);
    CHECK(leaves_alone([](Network& n) -> std::vector<int> {
            return {n.conv("a", n.up("up", n.halved("pool", n.x, 2), 1.5, 2), 8, 4, 3, true)};
          }) == 1);
  }
  SUBCASE("no input of the concatenation is upsampled") {
    CHECK(leaves_alone([](Network& n) -> std::vector<int> {
            return {n.conv("a", n.concat("all", {n.x, n.relu("r", n.x)}), 16, 4, 3, true)};
          }) == 1);
  }
}

TEST_CASE("rewrite: a lateral convolution with a bias, or that others read, is not folded") {
  for (const bool bias : {true, false}) {
    Network n;
    const int small = n.conv("small", n.halved("pool", n.x, 2), 8, 32, 1, true);
    const int lateral = n.conv("lateral", n.x, 8, 32, 1, bias);
    const int sum = n.add("sum", n.up("up", small, 2, 2), lateral);
    std::vector<int> outputs{n.conv("smooth", sum, 32, 8, 3, true)};
    if (!bias) outputs.push_back(lateral);
    const Model model = n.finish(outputs);
    CHECK(upsampled(model) == 0);
    check_same_results(model);
  }
}

TEST_CASE("rewrite: convolutions know whether offsets come of them") {
  Network n;
  const int features = n.conv("features", n.x, 8, 8, 3, true);
  const int offsets = n.conv("offsets", features, 8, 18, 3, true);
  const int deformed = n.m.value("deformed");
  const int w = n.m.weight("deform.weight", {8, 8, 3, 3}, n.random(8 * 8 * 9));
  const schema::Pair one(1, 1);
  n.m.node("deform", schema::CreateDeformConv2d(n.m.fbb, w, -1, &one, &one, &one, 1, 1), {features, offsets},
           {deformed});
  const Model model = n.finish({n.conv("after", deformed, 8, 4, 3, true)});
  const auto reaches_offsets = [&](std::string_view name) {
    for (const runtime::Node& node : rewritten(model).nodes)
      if (node.name == name) return std::get<layers::Conv2d>(node.layer).reaches_offsets;
    FAIL("no such node");
    return false;
  };
  CHECK(reaches_offsets("features"));
  CHECK(reaches_offsets("offsets"));
  CHECK(!reaches_offsets("after"));
  check_same_results(model);
}

TEST_CASE("rewrite: two transposed convolutions without overlap become one node") {
  Network n;
  const int first = n.relu("relu", n.transposed("first", n.x, 8, 6, 2, 2));
  const Model model = n.finish({n.transposed("second", first, 6, 1, 2, 2)});
  REQUIRE(rewritten(model).nodes.size() == 1);
  CHECK(std::get<layers::ConvTranspose2d>(rewritten(model).nodes[0].layer).next_weight.present());
  check_same_results(model);
}

TEST_CASE("rewrite: transposed convolutions that overlap, or whose middle others read, stay two") {
  SUBCASE("overlap") {
    Network n;
    const Model model =
        n.finish({n.transposed("second", n.transposed("first", n.x, 8, 6, 3, 2), 6, 1, 2, 2)});
    CHECK(count(model, "conv_transpose2d") == 2);
    check_same_results(model);
  }
  SUBCASE("read twice") {
    Network n;
    const int first = n.transposed("first", n.x, 8, 6, 2, 2);
    const Model model = n.finish({n.transposed("second", first, 6, 1, 2, 2), first});
    CHECK(count(model, "conv_transpose2d") == 2);
    check_same_results(model);
  }
}

TEST_CASE("rewrite: a convolution pools its result itself") {
  for (const bool relu : {true, false}) {
    Network n;
    const int conv = n.conv("conv", n.x, 8, 24, 5, true);
    const Model model = n.finish({n.pool("pool", relu ? n.relu("relu", conv) : conv, 3, 2)});
    REQUIRE(rewritten(model).nodes.size() == 1);
    CHECK(rewritten(model).nodes[0].name == "conv+pool");
    CHECK(std::get<layers::Conv2d>(rewritten(model).nodes[0].layer).pool.has_value());
    check_same_bits(model);
  }
}

TEST_CASE("rewrite: a pooling stays where the map before it is needed, or two passes are faster") {
  Network n;
  std::vector<int> outputs;
  SUBCASE("the map is an output") {
    const int conv = n.conv("conv", n.x, 8, 24, 5, true);
    outputs = {n.pool("pool", conv, 3, 2), conv};
  }
  SUBCASE("another node reads it") {
    const int conv = n.conv("conv", n.x, 8, 24, 5, true);
    outputs = {n.pool("pool", conv, 3, 2), n.conv("other", conv, 24, 4, 1, true)};
  }
  SUBCASE("no convolution makes it") { outputs = {n.pool("pool", n.relu("relu", n.x), 3, 2)}; }
  SUBCASE("a sum makes it") {
    outputs = {n.pool("pool", n.add("sum", n.conv("conv", n.x, 8, 8, 3, true), n.x), 3, 2)};
  }
  SUBCASE("Winograd's tiles make it") {
    const int wide = n.conv("wide", n.x, 8, 32, 1, true);
    outputs = {n.pool("pool", n.conv("conv", wide, 32, 32, 3, true), 3, 2)};
  }
  SUBCASE("a large window") { outputs = {n.pool("pool", n.conv("conv", n.x, 8, 24, 5, true), 7, 2)}; }
  const Model model = n.finish(outputs);
  CHECK(count(model, "max_pool2d") == 1);
  check_same_bits(model);
}

TEST_CASE("rewrite: of two poolings one after the other, the convolution takes the first") {
  Network n;
  const int first = n.pool("first", n.conv("conv", n.x, 8, 24, 5, true), 3, 2);
  const Model model = n.finish({n.pool("second", first, 3, 2)});
  CHECK(rewritten(model).nodes.size() == 2);
  CHECK(count(model, "max_pool2d") == 1);
  check_same_bits(model);
}

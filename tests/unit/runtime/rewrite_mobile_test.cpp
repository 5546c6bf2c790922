// The passes for networks like MobileNet: activations and what follows them, squeeze-and-excite.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "pliant/pliant.hpp"
#include "tests/support/rewrites.hpp"
#include "tests/support/small_network.hpp"

using namespace pliant;
using layers::Activation;
using test::ModelBuilder;
using test::rewritten;
using test::run;

namespace {

struct Network {
  ModelBuilder m;
  test::RandomFloats random{11};
  int x = m.value("x");

  template <class Table>
  int node(const std::string& name, Table table, const std::vector<int>& inputs) {
    const int out = m.value(name);
    m.node(name, table, inputs, {out});
    return out;
  }
  /// 3x3, 4 channels; depthwise or not.
  int conv(const std::string& name, int in, int groups = 1) {
    const int w = m.weight(name + ".weight", {4, 4 / groups, 3, 3},
                           random(static_cast<std::size_t>(4 * 4 / groups * 9)));
    const int b = m.weight(name + ".bias", {4}, random(4));
    const schema::Pair one(1, 1);
    return node(name, schema::CreateConv2d(m.fbb, w, b, &one, &one, &one, groups), {in});
  }
  int hardswish(const std::string& name, int in) { return node(name, schema::CreateHardswish(m.fbb), {in}); }
  int add(const std::string& name, int a, int b) { return node(name, schema::CreateAdd(m.fbb), {a, b}); }
  int mul(const std::string& name, int a, int b) { return node(name, schema::CreateMul(m.fbb), {a, b}); }
  int constant(const std::string& name, const std::vector<std::int64_t>& shape) {
    const auto count = static_cast<std::size_t>(shape[1] * shape[3]);
    return node(name, schema::CreateConstant(m.fbb, m.weight(name + ".weight", shape, random(count))), {});
  }
  int number(const std::string& name) { return constant(name, {1, 1, 1, 1}); }
  /// A number for each channel: sigmoid(mean(x)).
  int gate(const std::string& name, int in) {
    const auto axes = m.fbb.CreateVector<std::int32_t>({2, 3});
    return node(name, schema::CreateSigmoid(m.fbb),
                {node(name + ".mean", schema::CreateMean(m.fbb, axes, true), {in})});
  }
  int up(const std::string& name, int in, double factor) {
    return node(name, schema::CreateUpsample(m.fbb, schema::UpsampleMode::nearest, factor, factor), {in});
  }
  int pooled(const std::string& name, int in, int factor = 2) {
    const schema::Pair pair(factor, factor);
    return node(name, schema::CreateMaxPool2d(m.fbb, &pair, &pair), {in});
  }
  Model finish(const std::vector<int>& outputs) {
    m.input(x, "x", {-1, 4, -1, -1});
    for (const int out : outputs) m.output(out, "y" + std::to_string(out), {-1, 4, -1, -1});
    return Model::from_memory(m.finish());
  }
};

std::vector<std::string> names_of(const Model& model) {
  std::vector<std::string> names;
  for (const runtime::Node& node : rewritten(model).nodes) names.emplace_back(layers::name_of(node.layer));
  return names;
}

/// Rewritten or not, the results are the same.
void check_results(const Model& model, const Shape& shape) {
  Tensor image(shape);
  const auto values = test::RandomFloats(9)(image.values().size(), -3, 3);
  std::copy(values.begin(), values.end(), image.values().begin());
  const auto with = run(model, image, true);
  const auto without = run(model, image, false);
  REQUIRE(with.size() == without.size());
  for (std::size_t i = 0; i < with.size(); ++i)
    for (std::size_t k = 0; k < with[i].values().size(); ++k)
      REQUIRE(std::abs(with[i].values()[k] - without[i].values()[k]) <=
              1e-5F * std::max(1.0F, std::abs(without[i].values()[k])));
}
void check_results(const Model& model) {
  for (const Shape& shape : {Shape{1, 4, 17, 23}, Shape{2, 4, 8, 5}, Shape{1, 4, 1, 1}})
    check_results(model, shape);
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("rewrite: hardswish and swish move into what makes their input") {
  for (const int groups : {1, 4}) {
    Network n;
    const int a = n.node("swish", schema::CreateSwish(n.m.fbb), {n.conv("a", n.x, groups)});
    const int b = n.hardswish("b", n.conv("c", a, groups));
    const Model model = n.finish({n.hardswish("d", n.mul("product", b, n.x))});
    CHECK(names_of(model) == Names{"conv2d", "conv2d", "mul"});
    const auto& nodes = rewritten(model).nodes;
    CHECK(std::get<layers::Conv2d>(nodes[0].layer).epilogue.activation == Activation::kSwish);
    CHECK(std::get<layers::Conv2d>(nodes[1].layer).epilogue.activation == Activation::kHardswish);
    CHECK(std::get<layers::Mul>(nodes[2].layer).activation == Activation::kHardswish);
    check_results(model);
  }
}

TEST_CASE("rewrite: a product and a sum with numbers move into the convolution behind its hardswish") {
  for (const int groups : {1, 4}) {
    Network n;
    const int a = n.hardswish("act", n.conv("a", n.x, groups));
    const int scaled = n.add("add", n.mul("mul", n.number("c"), a), n.number("d"));
    const Model model = n.finish({n.mul("again", scaled, n.number("e"))});
    REQUIRE(names_of(model) == Names{"conv2d"});
    CHECK(std::get<layers::Conv2d>(rewritten(model).nodes[0].layer).epilogue.scales());
    check_results(model);
  }
}

TEST_CASE("rewrite: products behind other activations, with more than a number or with other readers stay") {
  {
    Network n;
    const int a = n.node("act", schema::CreateReLU(n.m.fbb), {n.conv("a", n.x)});
    const Model model = n.finish({n.mul("mul", a, n.number("c"))});
    CHECK(names_of(model) == Names{"conv2d", "constant", "mul"});
    check_results(model);
  }
  {
    Network n;
    const int a = n.hardswish("act", n.conv("a", n.x));
    const Model model = n.finish({n.mul("mul", a, n.constant("c", {1, 4, 1, 1}))});
    CHECK(names_of(model) == Names{"conv2d", "constant", "mul"});
    check_results(model);
  }
  {
    Network n;
    const int a = n.hardswish("act", n.conv("a", n.x));
    const Model model = n.finish({n.mul("mul", a, n.number("c")), a});
    CHECK(names_of(model) == Names{"conv2d", "constant", "mul"});
    check_results(model);
  }
  {
    Network n;  // without an activation
    const int a = n.conv("a", n.x);
    const Model model = n.finish({n.mul("mul", a, n.number("c"))});
    CHECK(names_of(model) == Names{"conv2d", "constant", "mul"});
    check_results(model);
  }
}

TEST_CASE("rewrite: x + x * gate is one product") {
  for (const bool first : {false, true}) {
    Network n;
    const int a = n.conv("a", n.x);
    const int gate = n.gate("gate", a);
    const int product = first ? n.mul("mul", gate, a) : n.mul("mul", a, gate);
    const Model model =
        n.finish({n.hardswish("act", first ? n.add("add", product, a) : n.add("add", a, product))});
    CHECK(names_of(model) == Names{"conv2d", "mean", "sigmoid", "constant", "add", "mul"});
    CHECK(std::get<layers::Mul>(rewritten(model).nodes.back().layer).activation == Activation::kHardswish);
    check_results(model);
  }
}

TEST_CASE("rewrite: a sum looks into the map that is enlarged for it") {
  for (const bool first : {false, true}) {
    Network n;
    const int up = n.up("up", n.pooled("pool", n.x), 2);
    const Model model = n.finish({n.hardswish("act", first ? n.add("add", up, n.x) : n.add("add", n.x, up))});
    CHECK(names_of(model) == Names{"max_pool2d", "add"});
    CHECK(std::get<layers::Add>(rewritten(model).nodes.back().layer).upsample == layers::Pair{2, 2});
    for (const Shape& shape : {Shape{1, 4, 16, 24}, Shape{2, 4, 8, 6}}) check_results(model, shape);
  }
}

TEST_CASE("rewrite: enlarged maps that have other readers or factors, or are broadcast, stay") {
  const auto check = [](Network& n, const std::vector<int>& outputs) {
    const Model model = n.finish(outputs);
    const Names names = names_of(model);
    CHECK(std::count(names.begin(), names.end(), "upsample") == 1);
    check_results(model, {2, 4, 12, 24});
  };
  {
    Network n;
    const int up = n.up("up", n.pooled("pool", n.x), 2);
    check(n, {n.add("add", n.x, up), up});
  }
  {
    Network n;  // a factor whose reciprocal is rounded
    const int pooled = n.pooled("pool", n.x, 3);
    check(n, {n.add("add", n.x, n.up("up", pooled, 3))});
  }
  {
    Network n;  // the sum of a map with itself
    const int up = n.up("up", n.x, 2);
    check(n, {n.add("add", up, up)});
  }
  {
    Network n;
    check(n, {n.add("add", n.up("up", n.x, 2), n.number("c"))});
  }
}

TEST_CASE("rewrite: sums that are no gate stay") {
  const auto check = [](Network& n, const std::vector<int>& outputs) {
    const Model model = n.finish(outputs);
    const Names names = names_of(model);
    CHECK(std::count(names.begin(), names.end(), "add") == 1);
    CHECK(std::count(names.begin(), names.end(), "constant") == 0);
    check_results(model);
  };
  {
    Network n;  // something else is added
    const int a = n.conv("a", n.x);
    check(n, {n.add("add", n.x, n.mul("mul", a, n.gate("gate", a)))});
  }
  {
    Network n;  // the product is an output as well
    const int product = n.mul("mul", n.x, n.gate("gate", n.x));
    check(n, {n.add("add", n.x, product), product});
  }
  {
    Network n;  // as large as what passes it
    const int gate = n.node("gate", schema::CreateSigmoid(n.m.fbb), {n.conv("a", n.x)});
    check(n, {n.add("add", n.x, n.mul("mul", n.x, gate))});
  }
  {
    Network n;  // the small one is added, not the map
    const int gate = n.gate("gate", n.x);
    check(n, {n.add("add", gate, n.mul("mul", n.x, gate))});
  }
}

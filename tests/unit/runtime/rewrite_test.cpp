#include <doctest/doctest.h>

#include <algorithm>
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

void check_same(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  for (std::size_t i = 0; i < a.values().size(); ++i)
    REQUIRE(std::abs(a.values()[i] - b.values()[i]) <= 1e-5F);
}

/// conv(x) of 4 -> 4 channels, then add(conv, other).
struct ResidualModel {
  ModelBuilder m;
  test::RandomFloats random{3};
  int x = m.value("x");

  int conv(const std::string& name, int in, int stride) {
    const int w = m.weight(name + ".weight", {4, 4, 3, 3}, random(4 * 4 * 9));
    const int out = m.value(name);
    const schema::Pair s(stride, stride);
    const schema::Pair one(1, 1);
    m.node(name, schema::CreateConv2d(m.fbb, w, -1, &s, &one, &one, 1), {in}, {out});
    return out;
  }
  int add(int a, int b) {
    const int out = m.value("sum");
    m.node("sum", schema::CreateAdd(m.fbb), {a, b}, {out});
    return out;
  }
  int relu(int in) {
    const int out = m.value("relu");
    m.node("relu", schema::CreateReLU(m.fbb), {in}, {out});
    return out;
  }
  Model finish(int out, int extra_output = -1) {
    m.input(x, "x", {-1, 4, -1, -1});
    m.output(out, "y", {-1, 4, -1, -1});
    if (extra_output >= 0) m.output(extra_output, "extra", {-1, 4, -1, -1});
    return Model::from_memory(m.finish());
  }
};

Tensor image_of(const Shape& shape) {
  Tensor image(shape);
  const auto values = test::RandomFloats(9)(image.values().size(), -1, 1);
  std::copy(values.begin(), values.end(), image.values().begin());
  return image;
}

}  // namespace

TEST_CASE("rewrite: the small network keeps its results and loses nodes") {
  const Model model = Model::from_memory(test::small_network());
  CHECK(count(rewritten(model), "relu") < count(model.data()->graph, "relu"));
  CHECK(count(rewritten(model), "add") == 0);
  for (const Shape& shape : {Shape{1, 3, 32, 32}, Shape{2, 3, 20, 36}, Shape{1, 3, 4, 4}}) {
    const Tensor image = image_of(shape);
    const auto with = run(model, image, true);
    const auto without = run(model, image, false);
    REQUIRE(with.size() == without.size());
    for (std::size_t i = 0; i < with.size(); ++i) check_same(with[i], without[i]);
  }
}

TEST_CASE("rewrite: a residual sum and its activation move into the later convolution") {
  ResidualModel r;
  const int a = r.conv("a", r.x, 1);
  const int b = r.conv("b", r.x, 1);
  const Model model = r.finish(r.relu(r.add(a, b)));
  const runtime::Graph& graph = rewritten(model);
  REQUIRE(graph.nodes.size() == 2);
  CHECK(graph.nodes[1].name == "b");
  const auto& conv = std::get<layers::Conv2d>(graph.nodes[1].layer);
  CHECK(conv.epilogue == layers::Epilogue{true, layers::Activation::kReLU});
  const Tensor image = image_of({1, 4, 7, 9});
  check_same(run(model, image, true)[0], run(model, image, false)[0]);
}

TEST_CASE("rewrite: what others read stays") {
  ResidualModel r;
  const int a = r.conv("a", r.x, 1);
  const int sum = r.add(a, r.x);
  const Model model = r.finish(r.relu(sum), a);
  const runtime::Graph& graph = rewritten(model);
  CHECK(count(graph, "add") == 1);   // conv 'a' is an output as well
  CHECK(count(graph, "relu") == 0);  // the sum takes the activation
}

TEST_CASE("rewrite: an activation between convolution and sum stays where it is") {
  ResidualModel r;
  const Model model = r.finish(r.add(r.relu(r.conv("a", r.x, 1)), r.x));
  CHECK(count(rewritten(model), "add") == 1);
  const Tensor image = image_of({2, 4, 5, 6});
  check_same(run(model, image, true)[0], run(model, image, false)[0]);
}

TEST_CASE("rewrite: equal shapes at one size that broadcast at another still give the right sum") {
  // conv of stride 1 plus a 1x1 map is a broadcast at 256 pixels; both are 1x1 only for a picture of one
  // pixel.
  ResidualModel r;
  const int a = r.conv("a", r.x, 1);
  const int whole = r.conv("whole", r.x, 32768);  // one pixel, whatever the size
  const Model model = r.finish(r.add(a, whole));
  CHECK(count(rewritten(model), "add") == 1);
  for (const Shape& shape : {Shape{1, 4, 9, 9}, Shape{1, 4, 1, 1}}) {
    const Tensor image = image_of(shape);
    check_same(run(model, image, true)[0], run(model, image, false)[0]);
  }
}

TEST_CASE("rewrite: nodes that nobody reads are dropped") {
  ResidualModel r;
  r.conv("unused", r.conv("unused_too", r.x, 1), 1);
  const Model model = r.finish(r.conv("a", r.x, 1));
  CHECK(rewritten(model).nodes.size() == 1);
  const Tensor image = image_of({1, 4, 5, 5});
  check_same(run(model, image, true)[0], run(model, image, false)[0]);
}

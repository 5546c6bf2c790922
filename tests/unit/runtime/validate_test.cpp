#include <doctest/doctest.h>

#include "pliant/pliant.hpp"
#include "tests/support/model_builder.hpp"

using namespace pliant;
using test::ModelBuilder;

namespace {

/// x -> relu -> y, with one thing to spoil.
struct Chain {
  ModelBuilder m;
  int x = m.value("x");
  int y = m.value("y");
  void relu(const std::vector<int>& in, const std::vector<int>& out, const std::string& name = "relu") {
    m.node(name, schema::CreateReLU(m.fbb), in, out);
  }
  void ports() {
    m.input(x, "x", {-1, 3, -1, -1});
    m.output(y, "y", {-1, 3, -1, -1});
  }
  void refuse(const char* part) {
    CHECK_THROWS_WITH_AS(Model::from_memory(m.finish()), doctest::Contains(part), Error);
  }
};

}  // namespace

TEST_CASE("validate: a good chain loads") {
  Chain c;
  c.relu({c.x}, {c.y});
  c.ports();
  CHECK_NOTHROW(Model::from_memory(c.m.finish()));
}

TEST_CASE("validate: indices, order, doubles, dangling values") {
  SUBCASE("input index") {
    Chain c;
    c.relu({7}, {c.y});
    c.ports();
    c.refuse("names value 7");
  }
  SUBCASE("negative index") {
    Chain c;
    c.relu({-1}, {c.y});
    c.ports();
    c.refuse("names value -1");
  }
  SUBCASE("reads before") {
    Chain c;
    const int z = c.m.value("z");
    c.relu({z}, {c.y}, "first");
    c.relu({c.x}, {z}, "second");
    c.ports();
    c.refuse("before it is produced");
  }
  SUBCASE("produced twice") {
    Chain c;
    c.relu({c.x}, {c.y}, "first");
    c.relu({c.x}, {c.y}, "second");
    c.ports();
    c.refuse("produced twice");
  }
  SUBCASE("itself") {
    Chain c;
    c.relu({c.y}, {c.y});
    c.ports();
    c.refuse("before it is produced");
  }
  SUBCASE("dangling") {
    Chain c;
    c.m.value("nobody");
    c.relu({c.x}, {c.y});
    c.ports();
    c.refuse("produced by nothing");
  }
  SUBCASE("two outputs") {
    Chain c;
    const int z = c.m.value("z");
    c.relu({c.x}, {c.y, z});
    c.ports();
    c.refuse("2 outputs");
  }
  SUBCASE("same node name") {
    Chain c;
    const int z = c.m.value("z");
    c.relu({c.x}, {z});
    c.relu({z}, {c.y});
    c.ports();
    c.refuse("two nodes have the name");
  }
}

TEST_CASE("validate: ports") {
  SUBCASE("rank") {
    Chain c;
    c.relu({c.x}, {c.y});
    c.m.input(c.x, "x", {-1, 3});
    c.m.output(c.y, "y", {-1, 3, -1, -1});
    c.refuse("rank 2");
  }
  SUBCASE("size") {
    Chain c;
    c.relu({c.x}, {c.y});
    c.m.input(c.x, "x", {-1, 0, -1, -1});
    c.m.output(c.y, "y", {-1, 3, -1, -1});
    c.refuse("size of 0");
  }
  SUBCASE("multiple") {
    Chain c;
    c.relu({c.x}, {c.y});
    c.m.input(c.x, "x", {-1, 3, -1, -1}, {1, 1, -32, 32});
    c.m.output(c.y, "y", {-1, 3, -1, -1});
    c.refuse("multiple of -32");
  }
  SUBCASE("none") {
    Chain c;
    c.relu({c.x}, {c.y});
    c.m.input(c.x, "x", {-1, 3, -1, -1});
    c.refuse("no outputs");
  }
}

TEST_CASE("validate: weights") {
  const std::vector<float> data(3 * 3);
  SUBCASE("bytes do not fit the shape") {
    Chain c;
    c.m.weight("w", {3, 4}, data);
    c.relu({c.x}, {c.y});
    c.ports();
    c.refuse("expected 48");
  }
  SUBCASE("overflowing shape") {
    Chain c;
    c.m.weight("w", {1LL << 62, 1LL << 62, 9}, data);
    c.relu({c.x}, {c.y});
    c.ports();
    c.refuse("too many elements");
  }
  SUBCASE("negative size") {
    Chain c;
    c.m.weight("w", {-3, -3}, data);
    c.relu({c.x}, {c.y});
    c.ports();
    c.refuse("a size of -3");
  }
  SUBCASE("missing weight of a convolution") {
    Chain c;
    c.m.node("conv", schema::CreateConv2d(c.m.fbb), {c.x}, {c.y});
    c.ports();
    c.refuse("conv2d 'conv': has no weight");
  }
}

TEST_CASE("validate: pre- and post-processing numbers") {
  const auto load = [](auto set) {
    Chain c;
    c.relu({c.x}, {c.y});
    c.ports();
    set(c.m);
    return Model::from_memory(c.m.finish());
  };
  CHECK_THROWS_WITH_AS(load([](ModelBuilder& m) {
                         schema::TextPostprocessBuilder p(m.fbb);
                         p.add_thresh(2);
                         m.postprocess = p.Finish();
                       }),
                       doctest::Contains("postprocess.thresh is 2"), Error);
  CHECK_THROWS_WITH_AS(load([](ModelBuilder& m) {
                         schema::TextPostprocessBuilder p(m.fbb);
                         p.add_output(1);
                         m.postprocess = p.Finish();
                       }),
                       doctest::Contains("postprocess.output is 1"), Error);
  CHECK_THROWS_WITH_AS(load([](ModelBuilder& m) {
                         schema::ImagePreprocessBuilder p(m.fbb);
                         p.add_short_side(0);
                         m.preprocess = p.Finish();
                       }),
                       doctest::Contains("preprocess.short_side is 0"), Error);
}

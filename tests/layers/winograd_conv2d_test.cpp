// Winograd's tiles: which convolutions get them, and their results.
#include <doctest/doctest.h>

#include "backends/registry.hpp"
#include "tests/layers/convolution_cases.hpp"

using namespace pliant;
using tests::Case;
using tests::Random;

namespace {

/// What the kernel of the case says that it does.
std::string algorithm_of(const Case& c, backends::cpu::Isa isa) {
  const auto weights = c.weights();
  const layers::NodeContext node("conv2d", "test", weights);
  std::vector<Shape> inputs;
  for (const Tensor& input : c.inputs) inputs.push_back(input.shape());
  const std::vector<Shape> outputs = layers::infer_shapes(c.layer, node, inputs);
  backends::PackCache packs;
  return backends::cpu::backend()
      .make_kernel(c.layer, node)
      ->prepare({inputs, outputs, tests::context_of(isa, 1), packs})
      ->algorithm();
}

layers::Conv2d usual(bool reaches_offsets = false) {
  layers::Conv2d layer;
  layer.padding = {1, 1};
  layer.reaches_offsets = reaches_offsets;
  return layer;
}

}  // namespace

TEST_CASE("winograd: what leads to offsets gets small tiles") {
  Random random(1);
  const struct {
    bool reaches_offsets;
    const char* expected;
  } cases[] = {{false, "winograd 6x6"}, {true, "winograd 4x4"}};
  for (const auto& one : cases) {
    const Case c =
        tests::convolution_case(random, {1, 32, 82, 77, 32, 3, 3}, usual(one.reaches_offsets), true);
    for (const backends::cpu::Isa isa : backends::cpu::available_isas())
      CHECK(algorithm_of(c, isa).find(one.expected) == 0);
    tests::check_convolution(c);
  }
}

TEST_CASE("winograd: only 3x3 with stride and dilation 1 and one group, and enough channels") {
  Random random(2);
  const auto is_tiled = [&](const tests::ConvolutionSizes& sizes, const layers::Conv2d& layer) {
    const Case c = tests::convolution_case(random, sizes, layer, false);
    return algorithm_of(c, backends::cpu::available_isas().front()).find("winograd") == 0;
  };
  const layers::Conv2d plain = usual();
  CHECK(is_tiled({1, 64, 48, 48, 64, 3, 3}, plain));
  CHECK(!is_tiled({1, 64, 48, 48, 64, 5, 5}, plain));
  CHECK(!is_tiled({1, 64, 48, 48, 64, 3, 1}, plain));
  CHECK(!is_tiled({1, 8, 48, 48, 64, 3, 3}, plain));
  CHECK(!is_tiled({1, 64, 1, 1, 64, 3, 3}, plain));
  CHECK(!is_tiled({1, 512, 20, 20, 512, 3, 3}, plain));  // its weights outweigh the products
  layers::Conv2d layer = plain;
  layer.stride = {1, 2};
  CHECK(!is_tiled({1, 64, 48, 48, 64, 3, 3}, layer));
  layer = plain;
  layer.dilation = {2, 1};
  CHECK(!is_tiled({1, 64, 48, 48, 64, 3, 3}, layer));
  layer = plain;
  layer.groups = 2;
  CHECK(!is_tiled({1, 64, 48, 48, 64, 3, 3}, layer));
}

TEST_CASE("winograd: random sizes, paddings and epilogues") {
  Random random(3);
  for (int i = 0; i < 40; ++i) {
    layers::Conv2d layer = usual(random.chance(0.5));
    layer.padding = {random.integer(0, 3), random.integer(0, 3)};
    layer.epilogue = tests::any_epilogue(random);
    tests::ConvolutionSizes s{};
    s.batch = random.integer(1, 3);
    s.channels = random.pick({16, 24, 33, 70});
    s.outputs = random.pick({16, 27, 40, 66});
    s.kernel_h = s.kernel_w = 3;
    const bool large = i % 5 == 0;  // 6x6 tiles are for large maps
    s.height = large ? random.integer(56, 66) : random.integer(3, 21);
    s.width = large ? random.integer(56, 66) : random.integer(3, 21);
    if (large) s.channels = s.outputs = 17, s.batch = 2, layer.reaches_offsets = false;
    tests::check_convolution(tests::convolution_case(random, s, layer, random.chance(0.5)));
  }
}

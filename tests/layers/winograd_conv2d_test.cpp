// Winograd's tiles: which convolutions get them, and their results.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "backends/registry.hpp"
#include "tests/layers/convolution_cases.hpp"

using namespace pliant;
using tests::Case;
using tests::Random;

namespace {

/// What the kernel of the case says that it does.
std::string algorithm_of(const Case& c, backends::Context& context) {
  const auto weights = c.weights();
  const layers::NodeContext node("conv2d", "test", weights);
  std::vector<Shape> inputs;
  for (const Tensor& input : c.inputs) inputs.push_back(input.shape());
  const std::vector<Shape> outputs = layers::infer_shapes(c.layer, node, inputs);
  backends::PackCache packs;
  return backends::cpu::backend()
      .make_kernel(c.layer, node)
      ->prepare({inputs, outputs, context, packs})
      ->algorithm();
}
std::string algorithm_of(const Case& c, backends::cpu::Isa isa) {
  return algorithm_of(c, tests::context_of(isa, 1));
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

TEST_CASE("winograd: few tiles and large weights, where threads share tiles") {
  Random random(4);
  layers::Conv2d layer = usual(true);
  layer.epilogue = {true, layers::Activation::kSigmoid};
  const Case c =
      tests::convolution_case(random, {2, 88, 19, 43, 90, 3, 3}, layer, true);  // 110 tiles, twice 55
  CHECK(algorithm_of(c, backends::cpu::available_isas().front()).find("winograd") == 0);
  tests::check_convolution(c);
}

TEST_CASE("winograd: random sizes, paddings and epilogues") {
  Random random(3);
  for (int i = 0; i < 40; ++i) {
    layers::Conv2d layer = usual(random.chance(0.5));
    layer.padding = {random.integer(0, 3), random.integer(0, 3)};
    layer.epilogue = {random.chance(0.5), tests::any_activation(random)};
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

TEST_CASE("winograd: PLIANT_CONV2D forces tiles or direct products where it can") {
  Random random(5);
  layers::Conv2d layer = usual();
  layer.epilogue = {true, layers::Activation::kReLU};
  const Case square =
      tests::convolution_case(random, {2, 9, 15, 19, 20, 3, 3}, layer, true);  // tiles only by force
  const std::vector<double> reference = tests::convolution_reference(square);
  layer.stride = {1, 2};
  const Case strided = tests::convolution_case(random, {1, 17, 15, 19, 20, 3, 3}, layer, true);
  const struct {
    const char* value;
    const char* expected;
  } cases[] = {{"auto", "row-wise gemm 3x3"},
               {"gemm", "row-wise gemm 3x3"},
               {"winograd4", "winograd 4x4"},
               {"winograd6", "winograd 6x6"}};
  for (const auto& one : cases) {
    setenv("PLIANT_CONV2D", one.value, 1);
    for (const backends::cpu::Isa isa : backends::cpu::available_isas()) {
      const auto context =
          backends::cpu::backend().make_context({2, std::string(backends::cpu::name_of(isa)), 0});
      INFO(one.value, " ", context->description());
      CHECK(algorithm_of(square, *context).find(one.expected) == 0);
      CHECK(algorithm_of(strided, *context).find("row-wise gemm 3x3") == 0);
      backends::PackCache packs;
      const Tensor result = tests::run_once(square, *context, packs);
      double largest = 0, worst = 0;
      for (std::size_t i = 0; i < reference.size(); ++i) {
        largest = std::max(largest, std::abs(reference[i]));
        worst = std::max(worst, std::abs(result.values()[i] - reference[i]));
      }
      CHECK(worst <= 1e-5 + 1e-4 * largest);  // as check_everywhere
    }
  }
  setenv("PLIANT_CONV2D", "fft", 1);
  CHECK_THROWS_WITH_AS(backends::cpu::backend().make_context({1, "", 0}),
                       "PLIANT_CONV2D is 'fft', expected auto, gemm, winograd4 or winograd6", Error);
  unsetenv("PLIANT_CONV2D");
}

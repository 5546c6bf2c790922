#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>

#include "backends/registry.hpp"
#include "pliant/error.hpp"
#include "tests/layers/harness.hpp"
#include "tests/layers/random.hpp"
#include "tests/layers/reference.hpp"

using namespace pliant;
using namespace pliant::backends;

TEST_CASE("cpu backend: upload and download change layouts and nothing else") {
  tests::Random random(111);
  for (const Shape& shape : {Shape{2, 3, 33, 47}, Shape{1, 1, 9, 9}, Shape{3, 65, 1, 1},
                             Shape{1, 130, 70, 31}, Shape{2, 17, 1, 5}, Shape{7, 5}, Shape{0, 3, 4, 4}})
    for (const int threads : {1, 3}) {
      const auto context = cpu::backend().make_context({threads, "", 0});
      const bool picture = shape.rank() == 4;
      const Tensor nchw = random.tensor(shape);
      const Tensor nhwc = nchw.to(Layout::kNHWC);
      for (const Tensor* host : {&nchw, &nhwc}) {
        Tensor arena(shape, picture ? Layout::kNHWC : Layout::kNCHW);
        context->upload(*host, arena.view());
        CHECK(std::equal(arena.values().begin(), arena.values().end(),
                         picture ? nhwc.values().begin() : nchw.values().begin()));
        Tensor back(shape, host->layout());
        context->download(arena, back.view());
        CHECK(std::equal(back.values().begin(), back.values().end(), host->values().begin()));
      }
    }
}

TEST_CASE("cpu backend: what it fuses") {
  const Backend& backend = cpu::backend();
  const layers::Epilogue both{true, layers::Activation::kReLU};
  const layers::Epilogue activation{false, layers::Activation::kSigmoid};
  for (const layers::Layer& layer :
       {layers::Layer(layers::Conv2d{}), layers::Layer(layers::DeformConv2d{})}) {
    CHECK(backend.fuses(layer, both));
    CHECK(backend.fuses(layer, activation));
  }
  for (const layers::Layer& layer :
       {layers::Layer(layers::ConvTranspose2d{}), layers::Layer(layers::Add{}), layers::Layer(layers::Sub{}),
        layers::Layer(layers::Mul{}), layers::Layer(layers::Div{})}) {
    CHECK_FALSE(backend.fuses(layer, both));
    CHECK(backend.fuses(layer, activation));
  }
  CHECK_FALSE(backend.fuses(layers::Concat{}, activation));
  CHECK(backend.fuses(layers::Concat{}, {}));
}

TEST_CASE("cpu backend: options are checked") {
  CHECK_THROWS_AS(cpu::backend().make_context({0, "", 0}), Error);
  CHECK_THROWS_AS(cpu::backend().make_context({1 << 20, "", 0}), Error);
}

TEST_CASE("cpu backend: packed weights are shared by shapes and sessions") {
  tests::Random random(112);
  tests::Case c;
  layers::Conv2d layer;
  layer.weight = c.add_weight(random.tensor({8, 4, 3, 3}));
  layer.padding = {1, 1};
  c.layer = layer;
  c.inputs.push_back(random.tensor({1, 4, 6, 6}));
  PackCache packs;
  const cpu::Isa isa = cpu::available_isas().front();
  tests::run_once(c, tests::context_of(isa, 1), packs);
  const std::size_t bytes = packs.bytes();
  CHECK(bytes > 0);
  c.inputs[0] = random.tensor({2, 4, 9, 5});
  tests::run_once(c, tests::context_of(isa, 2), packs);
  CHECK(packs.bytes() == bytes);
}

TEST_CASE("cpu backend: PLIANT_GEMM=openblas gives the same 1x1 convolutions") {
  tests::Random random(113);
  tests::Case c;
  layers::Conv2d layer;
  layer.weight = c.add_weight(random.tensor({70, 130, 1, 1}));
  layer.bias = c.add_weight(random.tensor({70}));
  layer.epilogue = {true, layers::Activation::kSigmoid};
  c.layer = layer;
  c.inputs.push_back(random.tensor({2, 130, 17, 15}));
  c.inputs.push_back(random.tensor({2, 70, 17, 15}));
  tests::Map y = tests::convolve(layer, c.inputs[0], c.weight(layer.weight), {2, 70, 17, 15});
  tests::finish(y, &c.weight(layer.bias), &c.inputs[1], layer.epilogue.activation);
  std::vector<Tensor> results;
#if PLIANT_OPENBLAS
  setenv("PLIANT_GEMM", "openblas", 1);
#endif
  for (const int threads : {1, 2, 4}) {
    const auto context = cpu::backend().make_context({threads, "", 0});
    PackCache packs;
    results.push_back(tests::run_once(c, *context, packs));
  }
  unsetenv("PLIANT_GEMM");
  for (const Tensor& result : results) {
    CHECK(std::memcmp(result.data(), results[0].data(), static_cast<std::size_t>(result.elements()) * 4) ==
          0);
    double worst = 0;
    for (std::size_t i = 0; i < y.values.size(); ++i)
      worst = std::max(worst, std::abs(result.values()[i] - y.values[i]));
    CHECK(worst <= 1e-5 + 1e-4);
  }
}

#include "layers/add.hpp"

#include "tests/layers/broadcast_cases.hpp"

using namespace pliant;

TEST_CASE("add: broadcasting, activations, in place") {
  tests::check_broadcasts<layers::Add>([](double a, double b) { return a + b; });
}

TEST_CASE("add: the second input enlarged") {
  tests::Random random(32);
  struct Sizes {
    Shape small;
    layers::Pair factor;
  };
  const Sizes cases[] = {{{2, 17, 5, 7}, {2, 2}}, {{1, 96, 9, 8}, {4, 8}}, {{3, 1, 4, 1}, {1, 2}},
                         {{1, 5, 1, 6}, {2, 1}},  {{2, 33, 1, 1}, {8, 8}}, {{1, 64, 21, 20}, {2, 2}}};
  for (const auto& [small, factor] : cases) {
    tests::Case c;
    layers::Add layer;
    layer.upsample = factor;
    layer.activation = random.chance(0.5) ? layers::Activation::kReLU : layers::Activation::kHardswish;
    c.layer = layer;
    const Shape y{small[0], small[1], small[2] * factor.h, small[3] * factor.w};
    c.inputs.push_back(random.tensor(y));
    c.inputs.push_back(random.tensor(small));
    const tests::Map a(c.inputs[0]), b(c.inputs[1]);
    tests::Map expected(y);
    for (std::int64_t n = 0; n < y[0]; ++n)
      for (std::int64_t k = 0; k < y[1]; ++k)
        for (std::int64_t i = 0; i < y[2]; ++i)
          for (std::int64_t j = 0; j < y[3]; ++j)
            expected.at(n, k, i, j) =
                tests::activate(a.at(n, k, i, j) + b.at(n, k, i / factor.h, j / factor.w), layer.activation);
    tests::check_everywhere(c, expected.values);
  }
}

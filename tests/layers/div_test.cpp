#include "layers/div.hpp"

#include "tests/layers/broadcast_cases.hpp"

using namespace pliant;

TEST_CASE("div: broadcasting, activations, in place") {
  tests::check_broadcasts<layers::Div>([](double a, double b) { return a / b; }, 0.5f, 2.0f);
}

TEST_CASE("div: by zero and infinity") {
  const float values[][2] = {{1, 0}, {-1, 0}, {0, 0}, {1, tests::kInfinity}, {tests::kInfinity, 2}};
  for (const bool scalar : {false, true})
    for (const auto& [a, b] : values) {
      tests::Case c;
      c.layer = layers::Div{};
      c.inputs.emplace_back(Shape{5});
      c.inputs.emplace_back(scalar ? Shape{1} : Shape{5});
      for (float& v : c.inputs[0].values()) v = a;
      for (float& v : c.inputs[1].values()) v = b;
      tests::check_everywhere(c, std::vector<double>(5, double{a} / double{b}));
    }
}

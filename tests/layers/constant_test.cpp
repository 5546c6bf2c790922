#include "layers/constant.hpp"

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

TEST_CASE("constant: every rank, in PyTorch's order") {
  tests::Random random(201);
  const Shape shapes[] = {{1},           {7},          {3, 5},          {2, 3, 4},          {2, 17, 5, 6},
                          {1, 64, 1, 1}, {1, 1, 9, 9}, {2, 3, 2, 2, 5}, {1, 2, 3, 2, 2, 5}, {1, 70, 40, 33}};
  for (const Shape& shape : shapes) {
    Case c;
    c.layer = layers::Constant{c.add_weight(random.tensor(shape))};
    const auto values = c.weight({0}).values();
    tests::check_closely(c, std::vector<double>(values.begin(), values.end()), 0, 0);
  }
}

#include "layers/transpose.hpp"

#include <algorithm>
#include <numeric>

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

namespace {

void check(const Shape& x, const std::vector<int>& perm, tests::Random& random) {
  Case c;
  c.layer = layers::Transpose{perm};
  c.inputs.push_back(random.tensor(x));
  const Shape y = tests::output_shape(c);
  std::vector<double> expected = tests::results_of(y);
  tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
    Shape source = index;
    for (int axis = 0; axis < y.rank(); ++axis) source[perm[static_cast<std::size_t>(axis)]] = index[axis];
    expected[flat] = tests::element(c.inputs[0], source);
  });
  tests::check_closely(c, expected, 0, 0);
}

}  // namespace

TEST_CASE("transpose: every permutation up to rank 5") {
  tests::Random random(181);
  const Shape shapes[] = {{5}, {5, 19}, {3, 18, 7}, {2, 5, 3, 4}, {2, 1, 17, 1}, {2, 3, 2, 4, 5}};
  for (const Shape& shape : shapes) {
    std::vector<int> perm(static_cast<std::size_t>(shape.rank()));
    std::iota(perm.begin(), perm.end(), 0);
    do check(shape, perm, random);
    while (std::next_permutation(perm.begin(), perm.end()));
  }
}

TEST_CASE("transpose: several tasks and blocks; rank 6") {
  tests::Random random(182);
  check({1, 70, 40, 33}, {0, 2, 3, 1}, random);
  check({1, 70, 40, 33}, {0, 3, 1, 2}, random);
  check({2, 30, 33, 41}, {3, 2, 1, 0}, random);
  check({2, 30, 33, 41}, {1, 0, 2, 3}, random);
  check({300, 301}, {1, 0}, random);
  check({2, 4, 16, 20, 21}, {0, 2, 1, 3, 4}, random);
  check({2, 3, 2, 3, 4, 5}, {5, 0, 3, 2, 4, 1}, random);
  check({2, 3, 2, 3, 4, 5}, {0, 1, 4, 2, 5, 3}, random);
}

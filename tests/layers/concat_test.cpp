#include "layers/concat.hpp"

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

TEST_CASE("concat: every axis of every rank") {
  tests::Random random(51);
  const Shape shapes[] = {
      {7}, {3, 5}, {2, 3, 5}, {2, 3, 5, 7}, {1, 17, 40, 33}, {2, 3, 2, 3, 2}, {2, 1, 2, 3, 2, 2}};
  for (const Shape& shape : shapes)
    for (int axis = 0; axis < shape.rank(); ++axis)
      for (const int count : {1, 2, 4}) {
        Case c;
        c.layer = layers::Concat{axis};
        for (int i = 0; i < count; ++i) {
          Shape part = shape;
          part[axis] = shape[axis] + i;
          c.inputs.push_back(random.tensor(part));
        }
        const Shape y = tests::output_shape(c);
        std::vector<double> expected = tests::results_of(y);
        tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
          Shape inside = index;
          for (const Tensor& input : c.inputs) {
            if (inside[axis] < input.shape()[axis]) {
              expected[flat] = tests::element(input, inside);
              return;
            }
            inside[axis] -= input.shape()[axis];
          }
        });
        tests::check_everywhere(c, expected);
      }
}

#include "layers/slice.hpp"

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

TEST_CASE("slice: every axis, bounds from both ends, steps") {
  tests::Random random(61);
  const Shape shapes[] = {{9}, {5, 9}, {9, 5, 6}, {5, 9, 6, 7}, {5, 17, 20, 21}, {5, 6, 5, 6, 5}};
  const layers::Slice slices[] = {{0, 0, 1000, 1}, {0, 1, 3, 1},     {0, -3, -1, 1}, {0, 0, 5, 2},
                                  {0, 1, 1000, 3}, {0, -5, 1000, 2}, {0, 2, 3, 7}};
  for (const Shape& shape : shapes)
    for (int axis = 0; axis < shape.rank(); ++axis)
      for (layers::Slice layer : slices) {
        layer.axis = axis;
        Case c;
        c.layer = layer;
        c.inputs.push_back(random.tensor(shape));
        const std::int64_t size = shape[axis];
        const std::int64_t first =
            layer.start < 0 ? std::max<std::int64_t>(0, layer.start + size) : layer.start;
        const Shape y = tests::output_shape(c);
        std::vector<double> expected = tests::results_of(y);
        tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
          Shape source = index;
          source[axis] = first + index[axis] * layer.step;
          // The source's own axes of size 1 do not broadcast here: all are above 1.
          expected[flat] = tests::element(c.inputs[0], source);
        });
        tests::check_everywhere(c, expected);
      }
}

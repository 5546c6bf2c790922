#include "layers/upsample.hpp"

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

namespace {

void check(const Case& c, const auto& source_row, const auto& source_column) {
  const Shape y = tests::output_shape(c);
  std::vector<double> expected = tests::results_of(y);
  tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
    Shape at = index;
    at[2] = source_row(index[2]);
    at[3] = source_column(index[3]);
    expected[flat] = tests::element(c.inputs[0], at);
  });
  tests::check_everywhere(c, expected);
}

}  // namespace

TEST_CASE("upsample: whole scales") {
  tests::Random random(101);
  for (const int scale : {1, 2, 4, 8})
    for (const std::int64_t channels : {1, 3, 17, 64}) {
      Case c;
      c.layer = layers::Upsample{layers::Upsample::Mode::kNearest, false, double(scale), double(scale + 1)};
      c.inputs.push_back(random.tensor({2, channels, 5, 3}));
      check(
          c, [&](std::int64_t y) { return y / scale; }, [&](std::int64_t x) { return x / (scale + 1); });
    }
}

TEST_CASE("upsample: to another value's size, larger and smaller") {
  tests::Random random(102);
  const std::pair<std::int64_t, std::int64_t> sizes[] = {{10, 20}, {7, 9}, {1, 1}, {5, 3}, {13, 2}};
  for (const auto& [height, width] : sizes) {
    Case c;
    c.layer = layers::Upsample{layers::Upsample::Mode::kNearest, true, 1, 1};
    c.inputs.push_back(random.tensor({2, 5, 5, 3}));
    c.inputs.push_back(random.tensor({1, 2, height, width}));
    const auto rows = [height = height](std::int64_t y) { return y * 5 / height; };
    const auto columns = [width = width](std::int64_t x) { return x * 3 / width; };
    check(c, rows, columns);
  }
}

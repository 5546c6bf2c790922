#include "layers/pad.hpp"

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;
using Mode = layers::Pad::Mode;

namespace {

void check(const Shape& x, const layers::Pad& layer, tests::Random& random) {
  Case c;
  c.layer = layer;
  c.inputs.push_back(random.tensor(x));
  const Shape y = tests::output_shape(c);
  std::vector<double> expected = tests::results_of(y);
  tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
    Shape source = index;
    bool inside = true;
    for (int axis = 0; axis < x.rank(); ++axis) {
      std::int64_t& at = source[axis];
      at -= layer.before[static_cast<std::size_t>(axis)];
      const std::int64_t last = x[axis] - 1;
      if (layer.mode == Mode::kConstant) inside = inside && at >= 0 && at <= last;
      if (layer.mode == Mode::kReplicate) at = std::min(std::max<std::int64_t>(at, 0), last);
      if (layer.mode == Mode::kReflect) {
        if (at < 0) at = -at;
        if (at > last) at = last - (at - last);
      }
    }
    expected[flat] = inside ? tests::element(c.inputs[0], source) : static_cast<float>(layer.value);
  });
  tests::check_closely(c, expected, 0, 0);
}

}  // namespace

TEST_CASE("pad: random borders of every rank in all modes") {
  tests::Random random(211);
  const Shape shapes[] = {{9},           {4, 19},         {3, 5, 6},         {2, 5, 6, 7},
                          {2, 17, 5, 4}, {2, 3, 2, 5, 3}, {2, 3, 3, 2, 2, 4}};
  for (const Shape& shape : shapes)
    for (const Mode mode : {Mode::kConstant, Mode::kReflect, Mode::kReplicate})
      for (int round = 0; round < 12; ++round) {
        layers::Pad layer;
        layer.mode = mode;
        layer.value = round % 3 == 0 ? 0 : random.uniform(-2, 2);
        for (int axis = 0; axis < shape.rank(); ++axis)
          for (std::vector<std::int64_t>* side : {&layer.before, &layer.after}) {
            // One axis kept 1 at least, where both sides are cut.
            const int least = mode == Mode::kConstant && shape[axis] > 2 ? -1 : 0;
            const int most = mode == Mode::kReflect ? static_cast<int>(shape[axis]) - 1 : 3;
            side->push_back(random.chance(0.5) ? random.integer(least, most) : 0);
          }
        check(shape, layer, random);
      }
}

TEST_CASE("pad: the border of a large picture; nothing; infinite and huge values") {
  tests::Random random(212);
  for (const Mode mode : {Mode::kConstant, Mode::kReflect, Mode::kReplicate})
    check({1, 3, 120, 131}, {{0, 0, 3, 2}, {0, 0, 1, 4}, mode, 0.5}, random);
  check({1, 3, 20, 31}, {{0, 0, 0, 0}, {0, 0, 0, 0}, Mode::kConstant, 0.5}, random);
  check({1, 30, 40, 31}, {{0, 1, 0, 0}, {0, 2, 0, 0}, Mode::kConstant, -1}, random);
  check({1, 70000}, {{0, 5}, {0, 70000}, Mode::kConstant, tests::kInfinity}, random);
  check({2, 4}, {{-1, 5}, {0, -4}, Mode::kConstant, 2}, random);

  Case c;
  c.layer = layers::Pad{{1}, {0}, Mode::kConstant, -1e300};
  c.inputs.push_back(random.tensor({1}));
  for (const tests::IsaResult& result : tests::run_everywhere(c))
    CHECK(result.output.values()[0] == -tests::kInfinity);
}

#include "layers/batch_norm2d.hpp"

#include <cmath>

#include "tests/layers/cases.hpp"

using namespace pliant;
using tests::Case;

TEST_CASE("batch_norm2d: with and without weight and bias") {
  tests::Random random(41);
  for (const std::int64_t channels : {1, 3, 5, 17, 64})
    for (int parts = 0; parts < 4; ++parts) {
      Case c;
      layers::BatchNorm2d layer;
      layer.eps = parts == 0 ? 1e-5 : 1e-3;
      layer.mean = c.add_weight(random.tensor({channels}));
      layer.var = c.add_weight(random.tensor({channels}, 0.01f, 2));
      if (parts & 1) layer.weight = c.add_weight(random.tensor({channels}));
      if (parts & 2) layer.bias = c.add_weight(random.tensor({channels}));
      c.layer = layer;
      c.inputs.push_back(random.tensor({2, channels, 7, 5}, -3, 3));
      const Shape y = tests::output_shape(c);
      std::vector<double> expected = tests::results_of(y);
      tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
        const auto of = [&](layers::WeightId id, double absent) {
          return id.present() ? double{c.weight(id).values()[static_cast<std::size_t>(index[1])]} : absent;
        };
        expected[flat] = (tests::element(c.inputs[0], index) - of(layer.mean, 0)) /
                             std::sqrt(of(layer.var, 0) + layer.eps) * of(layer.weight, 1) +
                         of(layer.bias, 0);
      });
      tests::check_everywhere(c, expected);
    }
}

#include "layers/leaky_relu.hpp"

#include <cmath>

#include "layers/elementwise.hpp"

namespace pliant::layers {

LeakyReLU decode(const schema::LeakyReLU& table, const NodeContext&) { return {table.negative_slope()}; }

std::vector<int> validate(const LeakyReLU& layer, const NodeContext& context, std::span<const int> ranks) {
  if (!(std::isfinite(layer.negative_slope))) context.fail_model("negative_slope is not finite");
  return validate_unary(context, ranks);
}

PLIANT_DEFINE_UNARY_RULES(LeakyReLU)

}  // namespace pliant::layers

#include "layers/hardsigmoid.hpp"

#include <cmath>

#include "layers/elementwise.hpp"

namespace pliant::layers {

Hardsigmoid decode(const schema::Hardsigmoid& table, const NodeContext&) {
  return {table.slope(), table.offset()};
}

std::vector<int> validate(const Hardsigmoid& layer, const NodeContext& context, std::span<const int> ranks) {
  if (!(std::isfinite(layer.slope) && std::isfinite(layer.offset)))
    context.fail_model("slope or offset is not finite");
  return validate_unary(context, ranks);
}

PLIANT_DEFINE_UNARY_RULES(Hardsigmoid)

}  // namespace pliant::layers

#include "layers/clamp.hpp"

#include <cmath>

#include "layers/elementwise.hpp"

namespace pliant::layers {

Clamp decode(const schema::Clamp& table, const NodeContext&) { return {table.min(), table.max()}; }

std::vector<int> validate(const Clamp& layer, const NodeContext& context, std::span<const int> ranks) {
  if (!(!std::isnan(layer.min) && !std::isnan(layer.max))) context.fail_model("a bound is not a number");
  return validate_unary(context, ranks);
}

PLIANT_DEFINE_UNARY_RULES(Clamp)

}  // namespace pliant::layers

#include "layers/swish.hpp"

#include "layers/elementwise.hpp"

namespace pliant::layers {

Swish decode(const schema::Swish&, const NodeContext&) { return {}; }

std::vector<int> validate(const Swish&, const NodeContext& context, std::span<const int> ranks) {
  return validate_unary(context, ranks);
}

PLIANT_DEFINE_UNARY_RULES(Swish)

}  // namespace pliant::layers

#include "layers/hardswish.hpp"

#include "layers/elementwise.hpp"

namespace pliant::layers {

Hardswish decode(const schema::Hardswish&, const NodeContext&) { return {}; }

std::vector<int> validate(const Hardswish&, const NodeContext& context, std::span<const int> ranks) {
  return validate_unary(context, ranks);
}

PLIANT_DEFINE_UNARY_RULES(Hardswish)

}  // namespace pliant::layers

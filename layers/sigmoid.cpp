#include "layers/sigmoid.hpp"

#include "layers/elementwise.hpp"

namespace pliant::layers {

Sigmoid decode(const schema::Sigmoid&, const NodeContext&) { return {}; }

std::vector<int> validate(const Sigmoid&, const NodeContext& context, std::span<const int> ranks) {
  return validate_unary(context, ranks);
}

PLIANT_DEFINE_UNARY_RULES(Sigmoid)

}  // namespace pliant::layers

#include "layers/relu.hpp"

#include "layers/elementwise.hpp"

namespace pliant::layers {

ReLU decode(const schema::ReLU&, const NodeContext&) { return {}; }

std::vector<int> validate(const ReLU&, const NodeContext& context, std::span<const int> ranks) {
  return validate_unary(context, ranks);
}

PLIANT_DEFINE_UNARY_RULES(ReLU)

}  // namespace pliant::layers

#include "layers/elementwise.hpp"

namespace pliant::layers {

std::vector<int> validate_unary(const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  return {ranks[0]};
}

}  // namespace pliant::layers

#include "layers/broadcast.hpp"

namespace pliant::layers {

std::vector<int> validate_broadcast(const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 2, 2);
  if (ranks[0] != ranks[1])
    context.fail_model("inputs have ranks ", ranks[0], " and ", ranks[1], ", expected equal ranks");
  return {ranks[0]};
}

Shape broadcast(const NodeContext& context, const Shape& a, const Shape& b) {
  Shape result = a;
  for (int i = 0; i < a.rank(); ++i) {
    if (a[i] == b[i] || b[i] == 1) continue;
    if (a[i] != 1)
      context.fail_shape("shapes ", a.to_string(), " and ", b.to_string(), " do not fit each other");
    result[i] = b[i];
  }
  return result;
}

}  // namespace pliant::layers

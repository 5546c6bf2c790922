#include "layers/softmax.hpp"

#include "layers/elementwise.hpp"

namespace pliant::layers {

Softmax decode(const schema::Softmax& table, const NodeContext&) { return {table.axis()}; }

std::vector<int> validate(const Softmax& layer, const NodeContext& context, std::span<const int> ranks) {
  const std::vector<int> result = validate_unary(context, ranks);
  if (layer.axis < 0 || layer.axis >= ranks[0])
    context.fail_model("axis is ", layer.axis, ", the input has rank ", ranks[0]);
  return result;
}

PLIANT_DEFINE_UNARY_RULES(Softmax)

}  // namespace pliant::layers

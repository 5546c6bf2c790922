#include "layers/reshape.hpp"

#include "core/checked.hpp"

namespace pliant::layers {
namespace {

constexpr std::int64_t kMostFactor = std::int64_t{1} << 31;

/// Element i of a list that may be shorter.
template <class T>
std::int64_t at(const std::vector<T>& values, std::size_t i, std::int64_t absent) {
  return i < values.size() ? static_cast<std::int64_t>(values[i]) : absent;
}

}  // namespace

Reshape decode(const schema::Reshape& table, const NodeContext& context) {
  Reshape layer;
  const auto sizes = to_vector(table.sizes(), context, "sizes");
  const auto copy = to_vector(table.copy(), context, "copy");
  const auto factor = to_vector(table.factor(), context, "factor");
  const auto divisor = to_vector(table.divisor(), context, "divisor");
  for (std::size_t i = 0; i < sizes.size(); ++i)
    layer.dimensions.push_back(
        {sizes[i], static_cast<int>(at(copy, i, 0)), at(factor, i, 1), at(divisor, i, 1)});
  return layer;
}

std::vector<int> validate(const Reshape& layer, const NodeContext& context, std::span<const int> ranks) {
  context.check_input_count(ranks, 1, 1);
  const std::size_t rank = layer.dimensions.size();
  if (rank < 1 || rank > Shape::kMaxRank)
    context.fail_model("gives rank ", rank, ", expected 1 to ", Shape::kMaxRank);
  int inferred = 0;
  for (const Reshape::Dimension& d : layer.dimensions) {
    inferred += d.size == -1 ? 1 : 0;
    if (d.size < -1) context.fail_model("has a size of ", d.size);
    if (d.size != 0) continue;
    if (d.copy < 0 || d.copy >= ranks[0])
      context.fail_model("copies axis ", d.copy, ", the input has rank ", ranks[0]);
    if (d.factor < 1 || d.factor > kMostFactor || d.divisor < 1 || d.divisor > kMostFactor)
      context.fail_model("has a factor or divisor out of range");
  }
  if (inferred > 1) context.fail_model("leaves ", inferred, " sizes open, expected one at most");
  return {static_cast<int>(rank)};
}

std::vector<Shape> infer_shapes(const Reshape& layer, const NodeContext& context,
                                std::span<const Shape> inputs) {
  const Shape& x = inputs[0];
  const std::int64_t elements = x.elements();
  std::vector<std::int64_t> sizes;
  std::int64_t known = 1;
  int open = -1;
  for (const Reshape::Dimension& d : layer.dimensions) {
    std::int64_t size = d.size;
    if (size == 0) {
      const auto product = core::checked_mul(x[d.copy], d.factor);
      if (!product || *product % d.divisor != 0)
        context.fail_shape("size ", x[d.copy], " of axis ", d.copy, " times ", d.factor,
                           " is no multiple of ", d.divisor);
      size = *product / d.divisor;
    }
    if (size == -1) {
      open = static_cast<int>(sizes.size());
      size = 1;
    }
    const auto product = core::checked_mul(known, size);
    if (!product) context.fail_shape("the result is too large");
    known = *product;
    sizes.push_back(size);
  }
  if (open >= 0 && known > 0 && elements % known == 0) {
    sizes[static_cast<std::size_t>(open)] = elements / known;
    known = elements;
  }
  if (known != elements)
    context.fail_shape("the ", elements, " elements of ", x.to_string(), " do not fill a shape of ", known);
  return {Shape(std::span<const std::int64_t>(sizes))};
}

std::uint64_t macs(const Reshape&, const NodeContext&, std::span<const Shape>, std::span<const Shape>) {
  return 0;
}

std::vector<WeightId> weights_of(const Reshape&) { return {}; }

}  // namespace pliant::layers

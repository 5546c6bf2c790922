#include "layers/context.hpp"

namespace pliant::layers {

void NodeContext::check_present(WeightId id, std::string_view role) const {
  if (id.index < 0) fail_model("has no ", role);
  if (static_cast<std::size_t>(id.index) >= weights_.size())
    fail_model(role, " is weight ", id.index, ", the model has ", weights_.size());
}

void NodeContext::check_weight(WeightId id, std::string_view role, const Shape& expected) const {
  check_present(id, role);
  const Shape& actual = weight(id).shape;
  if (!(actual == expected))
    fail_model(role, " has shape ", actual.to_string(), ", expected ", expected.to_string());
}

void NodeContext::check_weight_rank(WeightId id, std::string_view role, int rank) const {
  check_present(id, role);
  const Shape& shape = weight(id).shape;
  if (shape.rank() != rank) fail_model(role, " has shape ", shape.to_string(), ", expected rank ", rank);
  for (const std::int64_t size : shape.sizes())
    if (size < 1) fail_model(role, " has shape ", shape.to_string(), ", expected sizes of 1 and more");
}

void NodeContext::check_input_count(std::span<const int> ranks, std::size_t least, std::size_t most) const {
  if (ranks.size() >= least && ranks.size() <= most) return;
  if (least == most) fail_model("has ", ranks.size(), " inputs, expected ", least);
  fail_model("has ", ranks.size(), " inputs, expected ", least, " to ", most);
}

void NodeContext::check_rank(std::span<const int> ranks, std::size_t input, int rank) const {
  if (ranks[input] != rank) fail_model("input ", input, " has rank ", ranks[input], ", expected ", rank);
}

void NodeContext::check_pair(Pair value, std::string_view role, int least) const {
  for (const int v : {value.h, value.w})
    if (v < least || v > kMostAttribute)
      fail_model(role, " is ", value.h, "x", value.w, ", expected ", least, " to ", kMostAttribute);
}

Pair to_pair(const schema::Pair* value, Pair absent) {
  return value == nullptr ? absent : Pair{value->h(), value->w()};
}

std::int64_t window_output_size(std::int64_t in, int kernel, int stride, int padding, int dilation) {
  const std::int64_t covered = std::int64_t{dilation} * (kernel - 1) + 1;
  const std::int64_t room = in + 2 * std::int64_t{padding} - covered;
  return room < 0 ? 0 : room / stride + 1;
}

}  // namespace pliant::layers

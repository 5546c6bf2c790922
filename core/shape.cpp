#include <limits>

#include "core/checked.hpp"
#include "core/format.hpp"
#include "pliant/error.hpp"
#include "pliant/tensor.hpp"

namespace pliant {

Shape::Shape(std::initializer_list<std::int64_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}

Shape::Shape(std::span<const std::int64_t> sizes) {
  if (sizes.size() > kMaxRank)
    throw Error(ErrorCode::kInvalidArgument,
                core::message("shape: rank ", sizes.size(), " is above the greatest supported, ", kMaxRank));
  for (const std::int64_t size : sizes) {
    if (size < 0) throw Error(ErrorCode::kInvalidArgument, core::message("shape: negative size ", size));
    sizes_[static_cast<std::size_t>(rank_++)] = size;
  }
}

std::int64_t Shape::elements() const {
  // Bytes must fit as well, so that pointer arithmetic on any supported element type is safe.
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 8;
  bool empty = false;
  std::int64_t count = 1;
  for (int i = 0; i < rank_; ++i) {
    const std::int64_t size = (*this)[i];
    if (size == 0) {
      empty = true;
      continue;
    }
    if (count > kMost / size)
      throw Error(ErrorCode::kInvalidArgument, core::message("shape ", to_string(), ": too many elements"));
    count *= size;
  }
  return empty ? 0 : count;
}

std::string Shape::to_string() const {
  if (rank_ == 0) return "scalar";
  std::string text;
  for (int i = 0; i < rank_; ++i) {
    if (i > 0) text += 'x';
    text += std::to_string((*this)[i]);
  }
  return text;
}

}  // namespace pliant

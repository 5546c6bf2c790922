#include "pliant/tensor.hpp"

#include <algorithm>
#include <cstring>

#include "core/buffer.hpp"
#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant {
namespace {

/// [outer][rows][columns] -> [outer][columns][rows]. In blocks, so that both sides stay in cache.
void transpose_last_two(const float* from, float* to, std::int64_t outer, std::int64_t rows,
                        std::int64_t columns) {
  constexpr std::int64_t kBlock = 32;
  for (std::int64_t o = 0; o < outer; ++o, from += rows * columns, to += rows * columns)
    for (std::int64_t r0 = 0; r0 < rows; r0 += kBlock)
      for (std::int64_t c0 = 0; c0 < columns; c0 += kBlock) {
        const std::int64_t r1 = std::min(rows, r0 + kBlock);
        const std::int64_t c1 = std::min(columns, c0 + kBlock);
        for (std::int64_t c = c0; c < c1; ++c)
          for (std::int64_t r = r0; r < r1; ++r) to[c * rows + r] = from[r * columns + c];
      }
}

}  // namespace

void Tensor::Free::operator()(float* p) const noexcept { core::aligned_free(p); }

Tensor::Tensor(const Shape& shape, Layout layout)
    : shape_(shape), layout_(layout), elements_(shape.elements()) {
  data_.reset(
      static_cast<float*>(core::aligned_allocate(static_cast<std::size_t>(elements_) * sizeof(float))));
}

Tensor Tensor::clone() const { return to(layout_); }

Tensor Tensor::to(Layout layout) const {
  Tensor result(shape_, layout);
  copy(view(), result.view());
  return result;
}

void copy(const ConstTensorView& from, const TensorView& to) {
  if (!(from.shape == to.shape))
    throw Error(ErrorCode::kInvalidArgument, core::message("copy: source has shape ", from.shape.to_string(),
                                                           ", destination ", to.shape.to_string()));
  const std::int64_t elements = from.shape.elements();
  if (elements == 0) return;
  const Shape& s = from.shape;
  if (s.rank() != 4 || from.layout == to.layout || s[1] == 1 || s[2] * s[3] == 1)
    std::memcpy(to.data, from.data, static_cast<std::size_t>(elements) * sizeof(float));
  else if (from.layout == Layout::kNCHW)
    transpose_last_two(from.data, to.data, s[0], s[1], s[2] * s[3]);
  else
    transpose_last_two(from.data, to.data, s[0], s[2] * s[3], s[1]);
}

}  // namespace pliant

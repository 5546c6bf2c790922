// Shapes, tensors that own their elements, and views that look at somebody else's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>

#include "pliant/export.hpp"

namespace pliant {

/// Element types, in NumPy's names. Networks compute in float32; float16 is a storage type of weights.
enum class DType : std::uint8_t { kFloat32, kFloat16 };

PLIANT_API const char* to_string(DType dtype) noexcept;
/// Bytes of one element.
PLIANT_API std::size_t size_of(DType dtype) noexcept;

/// Order of a rank-4 tensor's elements in memory. Shapes are in NCHW order whatever the layout is; tensors of
/// other ranks are row-major and ignore it.
enum class Layout : std::uint8_t { kNCHW, kNHWC };

/// Sizes of up to 6 dimensions, in PyTorch's order. A value type without allocation.
class PLIANT_API Shape {
 public:
  static constexpr int kMaxRank = 6;

  Shape() = default;  ///< rank 0
  /// Throws kInvalidArgument above kMaxRank or for a negative size.
  Shape(std::initializer_list<std::int64_t> sizes);
  explicit Shape(std::span<const std::int64_t> sizes);

  int rank() const noexcept { return rank_; }
  std::int64_t operator[](int axis) const noexcept { return sizes_[static_cast<std::size_t>(axis)]; }
  std::int64_t& operator[](int axis) noexcept { return sizes_[static_cast<std::size_t>(axis)]; }
  std::span<const std::int64_t> sizes() const noexcept {
    return {sizes_.data(), static_cast<std::size_t>(rank_)};
  }

  /// Number of elements (1 at rank 0). Throws kInvalidArgument where it or its size in bytes overflows 63
  /// bits.
  std::int64_t elements() const;
  /// "1x3x640x640"; "scalar" at rank 0.
  std::string to_string() const;

  friend bool operator==(const Shape& a, const Shape& b) noexcept {
    return a.rank_ == b.rank_ && a.sizes_ == b.sizes_;
  }

 private:
  std::array<std::int64_t, kMaxRank> sizes_{};  // beyond rank_: 0
  int rank_ = 0;
};

/// Looks at float32 elements that somebody else owns and keeps alive. Dense: no strides.
struct TensorView {
  float* data = nullptr;
  Shape shape;
  Layout layout = Layout::kNCHW;
};

/// Likewise, read only.
struct ConstTensorView {
  const float* data = nullptr;
  Shape shape;
  Layout layout = Layout::kNCHW;

  ConstTensorView() = default;
  ConstTensorView(const float* data_in, const Shape& shape_in, Layout layout_in = Layout::kNCHW)
      : data(data_in), shape(shape_in), layout(layout_in) {}
  ConstTensorView(const TensorView& view) : data(view.data), shape(view.shape), layout(view.layout) {}
};

/// Owns float32 elements, aligned to 64 bytes. Movable; copies are explicit (clone).
class PLIANT_API Tensor {
 public:
  Tensor() = default;
  /// Uninitialised elements. Throws kInvalidArgument on overflow, kOutOfMemory where memory is short.
  explicit Tensor(const Shape& shape, Layout layout = Layout::kNCHW);

  const Shape& shape() const noexcept { return shape_; }
  Layout layout() const noexcept { return layout_; }
  std::int64_t elements() const noexcept { return elements_; }
  float* data() noexcept { return data_.get(); }
  const float* data() const noexcept { return data_.get(); }
  std::span<float> values() noexcept { return {data_.get(), static_cast<std::size_t>(elements_)}; }
  std::span<const float> values() const noexcept {
    return {data_.get(), static_cast<std::size_t>(elements_)};
  }

  TensorView view() noexcept { return {data_.get(), shape_, layout_}; }
  ConstTensorView view() const noexcept { return {data_.get(), shape_, layout_}; }
  operator ConstTensorView() const noexcept { return view(); }

  Tensor clone() const;
  /// A copy in the given layout.
  Tensor to(Layout layout) const;

 private:
  struct Free {
    void operator()(float* p) const noexcept;
  };
  std::unique_ptr<float[], Free> data_;
  Shape shape_;
  Layout layout_ = Layout::kNCHW;
  std::int64_t elements_ = 0;
};

/// Copies elements, changing the layout where they differ. Throws kInvalidArgument where the shapes differ.
/// Views must not overlap.
PLIANT_API void copy(const ConstTensorView& from, const TensorView& to);

}  // namespace pliant

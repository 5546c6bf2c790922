// What a layer may know while it is decoded, validated and given shapes: its node's name and the model's
// weights.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/format.hpp"
#include "pliant/error.hpp"
#include "pliant/tensor.hpp"
#include "schema/model_generated.h"

namespace pliant::layers {

/// A constant in float32, in PyTorch's order (OIHW). `data` belongs to the graph.
struct Weight {
  std::string name;
  Shape shape;
  const float* data = nullptr;
};

/// An index into the graph's weights; absent below 0.
struct WeightId {
  int index = -1;
  bool present() const noexcept { return index >= 0; }
  friend bool operator==(WeightId, WeightId) = default;
};

/// Height and width of a kernel, stride, ...
struct Pair {
  int h = 0;
  int w = 0;
  friend bool operator==(Pair, Pair) = default;
};

/// Greatest stride, padding, dilation and kernel size: keeps all index arithmetic far from overflow.
inline constexpr int kMostAttribute = 1 << 15;

class NodeContext {
 public:
  NodeContext(std::string_view layer, std::string_view node, std::span<const Weight> weights)
      : layer_(layer), node_(node), weights_(weights) {}

  std::string_view node() const noexcept { return node_; }

  /// The weight, which must be there: indices are checked by `check_weight` at load.
  const Weight& weight(WeightId id) const { return weights_[static_cast<std::size_t>(id.index)]; }
  std::span<const Weight> weights() const noexcept { return weights_; }

  /// "conv2d 'layer1.0.conv1': ..." The model itself is wrong.
  template <class... Ts>
  [[noreturn]] void fail_model(const Ts&... parts) const {
    throw Error(ErrorCode::kInvalidModel, core::message(layer_, " '", node_, "': ", parts...));
  }
  /// The shapes that came do not fit the network.
  template <class... Ts>
  [[noreturn]] void fail_shape(const Ts&... parts) const {
    throw Error(ErrorCode::kInvalidArgument, core::message(layer_, " '", node_, "': ", parts...));
  }

  /// A required weight of any shape.
  void check_present(WeightId id, std::string_view role) const;
  void check_weight(WeightId id, std::string_view role, const Shape& expected) const;
  /// A required weight of the given rank with all sizes >= 1.
  void check_weight_rank(WeightId id, std::string_view role, int rank) const;
  void check_input_count(std::span<const int> ranks, std::size_t least, std::size_t most) const;
  void check_rank(std::span<const int> ranks, std::size_t input, int rank) const;
  void check_pair(Pair value, std::string_view role, int least) const;

 private:
  std::string_view layer_;
  std::string_view node_;
  std::span<const Weight> weights_;
};

/// From the file's struct; `absent` where the field is not there.
Pair to_pair(const schema::Pair* value, Pair absent);

/// A short list of numbers of the file; empty where it is absent. Throws kInvalidModel where it is long or
/// misaligned, which the verifier does not look at.
template <class T>
std::vector<T> to_vector(const flatbuffers::Vector<T>* values, const NodeContext& context,
                         std::string_view role) {
  constexpr std::uint32_t kMost = 64;
  if (values == nullptr) return {};
  if (values->size() > kMost)
    context.fail_model(role, " has ", values->size(), " numbers, expected at most ", kMost);
  if (reinterpret_cast<std::uintptr_t>(values->Data()) % sizeof(T) != 0)
    context.fail_model(role, " is not aligned to ", sizeof(T), " bytes");
  return {values->begin(), values->end()};
}

/// Size of a convolution's or pooling's output, PyTorch's formula:
/// floor((in + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1. May be <= 0.
std::int64_t window_output_size(std::int64_t in, int kernel, int stride, int padding, int dilation);

}  // namespace pliant::layers

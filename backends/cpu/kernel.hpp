// The factories of the CPU's kernels, one a line of layers.def, and what most kernels are made of.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "backends/backend.hpp"
#include "backends/cpu/context.hpp"

namespace pliant::backends::cpu {

#define PLIANT_LAYER(Type, file, origin) \
  std::unique_ptr<Kernel> make_kernel(const layers::Type& layer, const layers::NodeContext& context);
#include "layers/layers.def"

using Inputs = std::span<const ConstTensorView>;
using Outputs = std::span<const TensorView>;

/// The context of a Prepared, which outlives it.
inline const CpuContext& cpu_context(const PrepareArguments& arguments) {
  return static_cast<const CpuContext&>(arguments.context);
}

/// A kernel that needs nothing but its attributes and weights: PreparedType is made from
/// (layer, weights, arguments).
template <class Layer, class PreparedType>
class LayerKernel final : public Kernel {
 public:
  LayerKernel(const Layer& layer, const layers::NodeContext& context)
      : layer_(layer), weights_(context.weights()) {}
  std::unique_ptr<Prepared> prepare(const PrepareArguments& arguments) const override {
    return std::make_unique<PreparedType>(layer_, weights_, arguments);
  }

 private:
  Layer layer_;
  std::span<const layers::Weight> weights_;
};

using Weights = std::span<const layers::Weight>;

/// The elements of a weight; null where it is absent.
inline const float* weight_data(Weights weights, layers::WeightId id) {
  return id.present() ? weights[static_cast<std::size_t>(id.index)].data : nullptr;
}
inline const Shape& weight_shape(Weights weights, layers::WeightId id) {
  return weights[static_cast<std::size_t>(id.index)].shape;
}

/// The nearest float; infinite where the number is beyond the floats (a plain cast is undefined there).
inline float to_float(double value) {
  constexpr double kMost = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  return value > kMost ? kInfinity : value < -kMost ? -kInfinity : static_cast<float>(value);
}

}  // namespace pliant::backends::cpu

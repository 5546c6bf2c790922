// Element-wise layers of two inputs with NumPy's broadcasting.
#pragma once

#include <array>
#include <cstdint>

#include "backends/cpu/kernel.hpp"
#include "layers/context.hpp"
#include "layers/epilogue.hpp"

namespace pliant::backends::cpu {

/// An operation on rows.
struct BinaryOperation {
  void (*rows)(const float* a, const float* b, float* y, std::int64_t n) = nullptr;
  /// The second operand is one number.
  void (*scalar)(const float* a, float b, float* y, std::int64_t n) = nullptr;
  /// The first operand is one number, here the argument a.
  void (*scalar_first)(const float* b, float a, float* y, std::int64_t n) = nullptr;
};

/// The loops over both inputs after merging what is contiguous in both: outer axes, and one row.
struct BroadcastLoops {
  struct Axis {
    std::int64_t size = 1;
    std::int64_t a = 0;  // floats from one index to the next; 0 = broadcast
    std::int64_t b = 0;
  };
  std::array<Axis, Shape::kMaxRank> outer{};
  int outer_rank = 0;
  std::int64_t rows = 1;
  Axis row{1, 1, 1};

  /// `upsample`: b of rank 4 is enlarged so by nearest neighbours first, to y's shape, which is a's as well.
  BroadcastLoops(const Shape& a, const Shape& b, const Shape& y, layers::Pair upsample = {1, 1});
};

class PreparedBinary final : public Prepared {
 public:
  PreparedBinary(BinaryOperation operation, layers::Activation activation, layers::Pair upsample,
                 const PrepareArguments& arguments);
  std::string algorithm() const override;
  int in_place_input() const override { return in_place_; }
  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override;

 private:
  void run_piece(const float* a, const float* b, float* y, std::int64_t n) const;

  const CpuContext& context_;
  BinaryOperation operation_;
  layers::Activation activation_;
  BroadcastLoops loops_;
  int in_place_ = -1;
};

/// `Layer` has an activation; operation(ElementKernels) picks its functions.
template <class Layer, BinaryOperation (*kOperation)(const ElementKernels&)>
class BinaryKernel final : public Kernel {
 public:
  explicit BinaryKernel(const Layer& layer) : layer_(layer) {}
  std::unique_ptr<Prepared> prepare(const PrepareArguments& arguments) const override {
    layers::Pair upsample{1, 1};
    if constexpr (requires { layer_.upsample; }) upsample = layer_.upsample;
    return std::make_unique<PreparedBinary>(kOperation(cpu_context(arguments).simd().element),
                                            layer_.activation, upsample, arguments);
  }

 private:
  Layer layer_;
};

}  // namespace pliant::backends::cpu

// Layers that map each element by itself.
#pragma once

#include <array>
#include <string>

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {

/// kFunction: the member of ElementKernels that computes a row.
template <class Layer, auto kFunction>
class PreparedUnary final : public Prepared {
 public:
  PreparedUnary(const Layer&, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)) {}

  std::string algorithm() const override { return "element-wise " + std::string(name_of(context_.isa())); }
  int in_place_input() const override { return 0; }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    const auto function = context_.simd().element.*kFunction;
    for_ranges(context_.pool(), inputs[0].shape.elements(), grain_of(8),
               [&](std::int64_t begin, std::int64_t end, int) {
                 function(inputs[0].data + begin, outputs[0].data + begin, end - begin);
               });
  }

 private:
  const CpuContext& context_;
};

/// Likewise for functions of two more numbers, which kParameters takes from the layer.
template <class Layer, auto kFunction, std::array<float, 2> (*kParameters)(const Layer&)>
class PreparedUnaryWith final : public Prepared {
 public:
  PreparedUnaryWith(const Layer& layer, Weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)), parameters_(kParameters(layer)) {}

  std::string algorithm() const override { return "element-wise " + std::string(name_of(context_.isa())); }
  int in_place_input() const override { return 0; }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    const auto function = context_.simd().element.*kFunction;
    for_ranges(context_.pool(), inputs[0].shape.elements(), grain_of(8),
               [&](std::int64_t begin, std::int64_t end, int) {
                 function(inputs[0].data + begin, parameters_[0], parameters_[1], outputs[0].data + begin,
                          end - begin);
               });
  }

 private:
  const CpuContext& context_;
  std::array<float, 2> parameters_;
};

}  // namespace pliant::backends::cpu

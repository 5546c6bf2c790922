// Runs one layer on the CPU backend, everywhere.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backends/backend.hpp"
#include "backends/cpu/dispatch.hpp"
#include "layers/layer.hpp"
#include "pliant/tensor.hpp"

namespace pliant::tests {

/// A layer with its weights and inputs, all in PyTorch's order.
struct Case {
  layers::Layer layer;
  std::vector<Tensor> inputs;

  /// Keeps the weight and returns its index.
  layers::WeightId add_weight(Tensor weight);
  std::vector<layers::Weight> weights() const;
  const Tensor& weight(layers::WeightId id) const { return weights_[static_cast<std::size_t>(id.index)]; }
  std::string text() const;  ///< for messages

 private:
  std::vector<Tensor> weights_;
};

/// One run: fresh kernel, exact buffers around everything, poisoned scratch memory and output.
Tensor run_once(const Case& c, backends::Context& context, backends::PackCache& packs, bool in_place = false);

/// The outputs of each instruction set; checks that 1, 2 and 4 threads, a second run and a run in place give
/// the same bits.
struct IsaResult {
  backends::cpu::Isa isa;
  Tensor output;
};
std::vector<IsaResult> run_everywhere(const Case& c);

/// Runs everywhere and compares with the reference (NCHW): |a - b| <= 1e-5 + 1e-4 * max |reference|, NaN and
/// infinities where the reference has them.
void check_everywhere(const Case& c, const std::vector<double>& reference);
/// With a tolerance of its own: |a - b| <= absolute + relative * |b|, element by element.
void check_closely(const Case& c, const std::vector<double>& reference, double absolute, double relative);

/// A context of the set and number of threads, made once.
backends::Context& context_of(backends::cpu::Isa isa, int threads);

}  // namespace pliant::tests

// The phases of a transposed convolution, and the weights of each.
#pragma once

#include <memory>
#include <vector>

#include "backends/cpu/convolution.hpp"

namespace pliant::backends::cpu {

/// The taps that reach the outputs whose coordinate plus padding has one residue modulo the stride: those
/// with tap * dilation = residue (mod stride).
struct Phase {
  std::int64_t residue = 0;
  std::size_t index = 0;
  std::vector<std::int64_t> taps;

  std::int64_t count() const { return static_cast<std::int64_t>(taps.size()); }
};

/// The phases of one axis that have taps: at most as many as the kernel has, whatever the stride is.
class Phases {
 public:
  Phases(std::int64_t kernel, std::int64_t stride, std::int64_t dilation);
  /// Null where no tap reaches the coordinate (which includes the padding).
  const Phase* of(std::int64_t coordinate) const;
  const std::vector<Phase>& all() const { return phases_; }
  std::int64_t most_taps() const;

 private:
  std::int64_t stride_;
  std::vector<Phase> phases_;
};

/// B[taps * C/groups][Co/groups] for each pair of phases and group.
class PackedPhases {
 public:
  PackedPhases(const Window& w, const Phases& y, const Phases& x, const GemmKernels& kernels,
               const float* weight);
  /// With a null phase: a matrix of no rows.
  const PackedMatrix& at(const Phase* y, const Phase* x, std::int64_t group) const;
  std::size_t bytes() const;

 private:
  std::size_t columns_;
  std::size_t groups_;
  std::vector<PackedMatrix> matrices_;
  PackedMatrix empty_;
};

std::shared_ptr<const PackedPhases> packed_phases(const Window& w, const Phases& y, const Phases& x,
                                                  const CpuContext& context, PackCache& packs,
                                                  layers::WeightId id, const float* weight);

}  // namespace pliant::backends::cpu

// The matrix product of a convolution: the windows of any run of output pixels times the packed weights. How
// A's rows are found in the picture is settled once; sums run in the same order whoever asks for which
// pixels.
#pragma once

#include <string>

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {

class WindowProduct {
 public:
  /// `weight` is W[Co, C/groups, kh, kw], as in the file.
  WindowProduct(const Window& w, const CpuContext& context, PackCache& packs, layers::WeightId id,
                const float* weight);

  /// "indirect gemm 3x3 avx512"
  std::string algorithm() const;

  /// Most pixels of one call for which a thread's scratch stays in the second-level cache.
  std::int64_t most_pixels() const;
  /// Panels that calls may share between them: those of the weights, 1 where groups are.
  std::int64_t panels() const { return window_.groups == 1 ? packed_->groups[0].panels() : 1; }
  /// Settles a thread's scratch for calls of at most so many pixels.
  void reserve(std::int64_t pixels, ScratchLayout& scratch);

  /// Pixels [begin, end) of the output, counted through the whole batch; out.c and out.residual are those of
  /// `begin`, out.bias is that of all channels. Panels are cut into `parts`, of which this is `part`. One
  /// thread.
  void run(const float* input, std::int64_t begin, std::int64_t end, std::int64_t part, std::int64_t parts,
           const GemmOutput& out, std::byte* scratch) const;

 private:
  const CpuContext& context_;
  Window window_;
  bool is_pixel_;          // a row of A is the pixel itself
  bool by_runs_;           // a segment is a row of taps, which is contiguous in the picture, not one tap
  std::int64_t segments_;  // of a row of A
  std::int64_t length_;    // of a segment
  std::shared_ptr<const PackedWeights> packed_;
  core::Buffer zeros_;
  std::size_t pointers_ = 0, edges_ = 0;  // places in the scratch
};

}  // namespace pliant::backends::cpu

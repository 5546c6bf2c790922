#include "backends/cpu/transposed_phases.hpp"

#include <algorithm>

#include "core/format.hpp"

namespace pliant::backends::cpu {

Phases::Phases(std::int64_t kernel, std::int64_t stride, std::int64_t dilation) : stride_(stride) {
  for (std::int64_t tap = 0; tap < kernel; ++tap) {
    const std::int64_t residue = tap * dilation % stride;
    auto found = std::find_if(phases_.begin(), phases_.end(),
                              [&](const Phase& phase) { return phase.residue == residue; });
    if (found == phases_.end()) found = phases_.insert(found, Phase{residue, phases_.size(), {}});
    found->taps.push_back(tap);
  }
}

const Phase* Phases::of(std::int64_t coordinate) const {
  for (const Phase& phase : phases_)
    if (phase.residue == coordinate % stride_) return &phase;
  return nullptr;
}

std::int64_t Phases::most_taps() const {
  std::int64_t most = 1;
  for (const Phase& phase : phases_) most = std::max(most, phase.count());
  return most;
}

PackedPhases::PackedPhases(const Window& w, const Phases& y, const Phases& x, const GemmKernels& kernels,
                           const float* weight)
    : columns_(x.all().size()), groups_(static_cast<std::size_t>(w.groups)) {
  const std::int64_t channels = w.group_channels();
  const std::int64_t outputs = w.group_outputs();
  for (const Phase& phase_y : y.all())
    for (const Phase& phase_x : x.all())
      for (std::int64_t g = 0; g < w.groups; ++g) {
        const float* from = weight + g * channels * outputs * w.taps();
        const auto at = [&](std::int64_t k, std::int64_t n) {
          const std::int64_t tap = k / channels;
          const std::int64_t i = phase_y.taps[static_cast<std::size_t>(tap / phase_x.count())];
          const std::int64_t j = phase_x.taps[static_cast<std::size_t>(tap % phase_x.count())];
          return from[((k % channels * outputs + n) * w.kernel_h + i) * w.kernel_w + j];
        };
        matrices_.push_back(pack_matrix(kernels, phase_y.count() * phase_x.count() * channels, outputs, at));
      }
  empty_ = pack_matrix(kernels, 0, outputs, [](std::int64_t, std::int64_t) { return 0.0f; });
}

const PackedMatrix& PackedPhases::at(const Phase* y, const Phase* x, std::int64_t group) const {
  if (y == nullptr || x == nullptr) return empty_;
  return matrices_[(y->index * columns_ + x->index) * groups_ + static_cast<std::size_t>(group)];
}

std::size_t PackedPhases::bytes() const {
  std::size_t total = 0;
  for (const PackedMatrix& matrix : matrices_) total += matrix.bytes();
  return total;
}

std::shared_ptr<const PackedPhases> packed_phases(const Window& w, const Phases& y, const Phases& x,
                                                  const CpuContext& context, PackCache& packs,
                                                  layers::WeightId id, const float* weight) {
  const PackKey key{id.index, core::message(gemm_form(context), " phases ", w.stride_h, "x", w.stride_w, " ",
                                            w.dilation_h, "x", w.dilation_w, " groups ", w.groups)};
  return packs.get<PackedPhases>(key, [&] {
    auto packed = std::make_shared<const PackedPhases>(w, y, x, context.simd().gemm, weight);
    const std::size_t bytes = packed->bytes();
    return std::pair{std::move(packed), bytes};
  });
}

}  // namespace pliant::backends::cpu

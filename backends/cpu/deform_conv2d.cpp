// Fused: the samples of a tile of pixels go into a small buffer that feeds the matrix product at once; the
// whole column matrix never exists.
#include "layers/deform_conv2d.hpp"

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/deform_plan.hpp"
#include "backends/cpu/parallel.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// Floats of k that are sampled at a time.
constexpr std::int64_t kSampledBlock = 256;
/// Most bytes of sample points, and floats of samples, that a thread keeps.
constexpr std::int64_t kMostPlanBytes = 256 * 1024;
constexpr std::int64_t kMostSamples = 1 << 16;

class PreparedDeformConv2d final : public Prepared {
 public:
  PreparedDeformConv2d(const layers::DeformConv2d& layer, Weights weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        layer_(layer),
        window_(
            window_of(layer, weight_shape(weights, layer.weight), arguments.inputs[0], arguments.outputs[0])),
        bias_(weight_data(weights, layer.bias)),
        packed_(packed_convolution(window_, context_, arguments.packs, layer.weight,
                                   weight_data(weights, layer.weight))),
        zeros_(make_zeros(window_.channels)) {
    const Window& w = window_;
    const std::int64_t points = w.taps() * layer.offset_groups;
    const auto point_bytes = static_cast<std::int64_t>(sizeof(SamplePoint));
    block_ = std::max(kSampledBlock, k_block(context_.simd().gemm));
    const std::int64_t depth = std::min(block_, w.taps() * w.group_channels());
    const std::int64_t most_rows =
        std::max<std::int64_t>(1, std::min(kMostPlanBytes / point_bytes / points, kMostSamples / depth));
    // Tasks never share pixels: every one would sample them again.
    tiling_ = tile_gemm(context_, w.pixels(), most_rows, w.taps() * w.group_channels(), w.group_outputs(), 1);
    ScratchLayout scratch;
    points_ = scratch.add<SamplePoint>(tiling_.rows * points);
    samples_ = scratch.add<float>(tiling_.rows * depth);
    rows_ = scratch.add<const float*>(tiling_.rows);
    thread_bytes_ = scratch.bytes();
  }

  std::string algorithm() const override {
    return core::message("fused deformable ", window_.kernel_h, "x", window_.kernel_w, " ",
                         name_of(context_.isa()));
  }
  std::size_t workspace_bytes() const override {
    return thread_bytes_ * static_cast<std::size_t>(context_.threads());
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    const std::int64_t out_pixels = window_.out_height * window_.out_width;
    DeformMaps maps;
    maps.offset = PixelMap(inputs[1].data, inputs[1].shape, out_pixels);
    if (layer_.masked) maps.mask = PixelMap(inputs[2].data, inputs[2].shape, out_pixels);
    const float* residual = layer_.epilogue.residual ? inputs.back().data : nullptr;
    context_.pool().parallel_for(tiling_.row_tiles, [&](std::int64_t index, int thread) {
      std::byte* scratch = workspace + static_cast<std::size_t>(thread) * thread_bytes_;
      const std::int64_t begin = index * tiling_.rows;
      const std::int64_t end = std::min(window_.pixels(), begin + tiling_.rows);
      auto* points = reinterpret_cast<SamplePoint*>(scratch + points_);
      plan_samples(window_, layer_.offset_groups, inputs[0].data, zeros_.floats(), maps, begin, end, points);
      GemmOutput out;
      out.ldc = out.ldr = window_.out_channels;
      out.c = outputs[0].data + begin * out.ldc;
      out.residual = residual == nullptr ? nullptr : residual + begin * out.ldr;
      out.bias = bias_;
      out.activation = layer_.epilogue.activation;
      for (std::int64_t g = 0; g < window_.groups; ++g) run_group(g, end - begin, points, out, scratch);
    });
  }

 private:
  void run_group(std::int64_t g, std::int64_t m, const SamplePoint* points, const GemmOutput& out,
                 std::byte* scratch) const {
    auto* samples = reinterpret_cast<float*>(scratch + samples_);
    auto** rows = reinterpret_cast<const float**>(scratch + rows_);
    const std::int64_t channels = window_.group_channels();
    GemmOutput part = out;
    const std::int64_t first = g * window_.group_outputs();
    part.c += first;
    if (part.bias != nullptr) part.bias += first;
    if (part.residual != nullptr) part.residual += first;
    for_k_blocks(window_.taps(), channels, block_, [&](const KBlock& block) {
      GemmRows a;
      a.m = m;
      a.rows = rows;
      a.length = block.segments * block.length;
      a.k_begin = block.segment * channels + block.offset;
      for (std::int64_t i = 0; i < m; ++i) {
        rows[i] = samples + i * a.length;
        sample_row(points + i * layer_.offset_groups * window_.taps(), block, g * channels + block.offset,
                   samples + i * a.length);
      }
      part.accumulate = !block.first;
      part.finish = block.last;
      multiply(context_.simd(), packed_->groups[static_cast<std::size_t>(g)], a, part);
    });
  }

  /// A block of one pixel's samples, [tap][channel], for channels from `channel` on.
  void sample_row(const SamplePoint* points, const KBlock& block, std::int64_t channel, float* to) const {
    const auto sample = context_.simd().sampling.sample;
    if (layer_.offset_groups == 1)
      return sample(points + block.segment, block.segments, channel, block.length, to);
    const std::int64_t width = window_.channels / layer_.offset_groups;
    for (std::int64_t s = block.segment; s < block.segment + block.segments; ++s)
      for (std::int64_t c = channel; c < channel + block.length;) {
        const std::int64_t group = c / width;
        const std::int64_t count = std::min(channel + block.length, (group + 1) * width) - c;
        sample(points + group * window_.taps() + s, 1, c, count, to);
        c += count;
        to += count;
      }
  }

  const CpuContext& context_;
  layers::DeformConv2d layer_;
  Window window_;
  const float* bias_;
  std::shared_ptr<const PackedWeights> packed_;
  core::Buffer zeros_;
  GemmTiling tiling_;
  std::int64_t block_ = kSampledBlock;
  std::size_t points_ = 0;
  std::size_t samples_ = 0;
  std::size_t rows_ = 0;
  std::size_t thread_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::DeformConv2d& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::DeformConv2d, PreparedDeformConv2d>>(layer, context);
}

}  // namespace pliant::backends::cpu

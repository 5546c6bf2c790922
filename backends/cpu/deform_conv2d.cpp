// Fused: the samples of a tile of pixels go into a small buffer that feeds the matrix product at once; the
// whole column matrix never exists.
#include "layers/deform_conv2d.hpp"

#include <limits>

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/deform_plan.hpp"
#include "backends/cpu/parallel.hpp"
#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::backends::cpu {
namespace {

/// Floats of k that are sampled at a time.
constexpr std::int64_t kSampledBlock = 384;
/// Most bytes of sample points, and floats of samples, that a thread keeps.
constexpr std::int64_t kMostPlanBytes = 256 * 1024;
constexpr std::int64_t kPointBytes = 4 * (sizeof(float) + sizeof(std::int32_t));
constexpr std::int64_t kMostSamples = 96 * 1024;

class PreparedDeformConv2d final : public Prepared {
 public:
  PreparedDeformConv2d(const layers::DeformConv2d& layer, Weights weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        layer_(layer),
        in_place_(residual_input(layer.epilogue, arguments)),
        window_(
            window_of(layer, weight_shape(weights, layer.weight), arguments.inputs[0], arguments.outputs[0])),
        bias_(weight_data(weights, layer.bias)),
        packed_(packed_convolution(window_, context_, arguments.packs, layer.weight,
                                   weight_data(weights, layer.weight))),
        zeros_(make_zeros(window_.channels)) {
    const Window& w = window_;
    const std::int64_t points = pixel_points();
    block_ = std::max(kSampledBlock, k_block(context_.simd().gemm));
    const std::int64_t depth = std::min(block_, w.taps() * w.group_channels());
    const std::int64_t most_rows =
        std::max<std::int64_t>(1, std::min(kMostPlanBytes / kPointBytes / points, kMostSamples / depth));
    // Tasks never share pixels: every one would sample them again.
    tiling_ = tile_gemm(context_, w.pixels(), most_rows, w.taps() * w.group_channels(), w.group_outputs(), 1);
    ScratchLayout scratch;
    const std::int64_t tile_points = this->tile_points();
    corners_ = scratch.add<std::int32_t>(4 * tile_points);
    weights_ = scratch.add<float>(4 * tile_points);
    coordinates_ = scratch.add<float>(3 * tile_points);
    samples_ = scratch.add<float>(tiling_.rows * depth);
    rows_ = scratch.add<const float*>(tiling_.rows);
    thread_bytes_ = scratch.bytes();
  }

  std::string algorithm() const override {
    return core::message("fused deformable ", window_.kernel_h, "x", window_.kernel_w, " ",
                         name_of(context_.isa()));
  }
  int in_place_input() const override { return in_place_; }
  std::size_t workspace_bytes() const override {
    return thread_bytes_ * static_cast<std::size_t>(context_.threads());
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    // Not asked while planning: most inputs of that size fail for want of memory, which says more.
    const Shape& x = inputs[0].shape;
    if (x[0] * x[2] * x[3] > std::numeric_limits<std::int32_t>::max())
      throw Error(ErrorCode::kUnsupported,
                  core::message("deform_conv2d: the input ", x.to_string(),
                                " has more than 2^31 - 1 pixels; run smaller batches"));
    const std::int64_t out_pixels = window_.out_height * window_.out_width;
    const auto first = layer_.one_map.value_or(layers::OneMap{});
    DeformMaps maps;
    maps.offset = PixelMap(inputs[1], first.offset, out_pixels);
    if (layer_.masked) maps.mask = PixelMap(inputs[layer_.one_map ? 1 : 2], first.mask, out_pixels);
    maps.sigmoid = first.sigmoid;
    const SamplePixels pixels{inputs[0].data, zeros_.floats(), window_.channels};
    const std::int64_t tile_points = this->tile_points();
    const float* residual = layer_.epilogue.residual ? inputs.back().data : nullptr;
    context_.pool().parallel_for(tiling_.row_tiles, [&](std::int64_t index, int thread) {
      std::byte* scratch = workspace + static_cast<std::size_t>(thread) * thread_bytes_;
      const std::int64_t begin = index * tiling_.rows;
      const std::int64_t end = std::min(window_.pixels(), begin + tiling_.rows);
      auto* coordinates = reinterpret_cast<float*>(scratch + coordinates_);
      const PlannedPoints points{reinterpret_cast<std::int32_t*>(scratch + corners_),
                                 reinterpret_cast<float*>(scratch + weights_)};
      plan_samples(context_.simd(), window_, layer_.offset_groups, maps, begin, end,
                   {coordinates, coordinates + tile_points, coordinates + 2 * tile_points}, points);
      GemmOutput out;
      out.ldc = out.ldr = window_.out_channels;
      out.c = outputs[0].data + begin * out.ldc;
      out.residual = residual == nullptr ? nullptr : residual + begin * out.ldr;
      out.bias = bias_;
      out.activate(layer_.epilogue);
      for (std::int64_t g = 0; g < window_.groups; ++g)
        run_group(g, end - begin, pixels, points, out, scratch);
    });
  }

 private:
  /// Points of an output pixel, and those that a tile has room for.
  std::int64_t pixel_points() const { return layer_.offset_groups * window_.taps(); }
  std::int64_t tile_points() const { return tiling_.rows * pixel_points() + kPlanPadding; }

  void run_group(std::int64_t g, std::int64_t m, const SamplePixels& pixels, const PlannedPoints& points,
                 const GemmOutput& out, std::byte* scratch) const {
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
        sample_row(pixels, points, i * pixel_points(), block, g * channels + block.offset,
                   samples + i * a.length);
      }
      part.accumulate = !block.first;
      part.finish = block.last;
      multiply(context_.simd(), packed_->groups[static_cast<std::size_t>(g)], a, part);
    });
  }

  /// A block of the samples of the pixel whose points begin at `first`, [tap][channel], for channels from
  /// `channel` on.
  void sample_row(const SamplePixels& pixels, const PlannedPoints& points, std::int64_t first,
                  const KBlock& block, std::int64_t channel, float* to) const {
    const auto sample = [&](std::int64_t point, std::int64_t count, std::int64_t c, std::int64_t n) {
      point += first;
      context_.simd().sampling.sample_planned(pixels, {points.corner + 4 * point, points.weight + 4 * point},
                                              count, c, n, to);
      to += count * n;
    };
    if (layer_.offset_groups == 1) return sample(block.segment, block.segments, channel, block.length);
    const std::int64_t width = window_.channels / layer_.offset_groups;
    for (std::int64_t s = block.segment; s < block.segment + block.segments; ++s)
      for (std::int64_t c = channel; c < channel + block.length;) {
        const std::int64_t group = c / width;
        const std::int64_t count = std::min(channel + block.length, (group + 1) * width) - c;
        sample(group * window_.taps() + s, 1, c, count);
        c += count;
      }
  }

  const CpuContext& context_;
  layers::DeformConv2d layer_;
  int in_place_;
  Window window_;
  const float* bias_;
  std::shared_ptr<const PackedWeights> packed_;
  core::Buffer zeros_;
  GemmTiling tiling_;
  std::int64_t block_ = kSampledBlock;
  std::size_t corners_ = 0;
  std::size_t weights_ = 0;
  std::size_t coordinates_ = 0;
  std::size_t samples_ = 0;
  std::size_t rows_ = 0;
  std::size_t thread_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::DeformConv2d& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::DeformConv2d, PreparedDeformConv2d>>(layer, context);
}

}  // namespace pliant::backends::cpu

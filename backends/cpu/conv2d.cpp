#include "layers/conv2d.hpp"

#include <algorithm>

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/depthwise_conv2d.hpp"
#include "backends/cpu/parallel.hpp"
#include "backends/cpu/upsampled_conv2d.hpp"
#include "backends/cpu/winograd_conv2d.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// Most pointers or gathered floats a thread keeps: they should stay in the second-level cache.
constexpr std::int64_t kMostScratch = 1 << 16;
/// Segments of fewer channels are gathered into a tile: short segments keep the micro-kernel from its work.
constexpr std::int64_t kShortSegment = 16;

enum class Path { kPlain, kIndirect, kGathered, kOpenblas };

/// Native wherever the environment does not ask for OpenBLAS: measured on 1x1 products of 20x20 to 160x160
/// pixels with 64 to 2048 channels on an AVX-512 machine, OpenBLAS 0.3.21 gave 64 to 95 % of the native
/// speed.
Path choose_path(const Window& w, const CpuContext& context) {
  const bool pointwise =
      w.taps() == 1 && w.stride_h == 1 && w.stride_w == 1 && w.padding_h == 0 && w.padding_w == 0;
  if (pointwise && w.groups == 1 && context.gemm() == GemmChoice::kOpenblas) return Path::kOpenblas;
  if (pointwise) return Path::kPlain;
  return w.taps() > 1 && w.group_channels() < kShortSegment ? Path::kGathered : Path::kIndirect;
}

/// Copies the windows of pixels [begin, end) side by side: rows of [tap][channel]. For groups = 1 and no
/// dilation along x, where a row of taps is contiguous in the picture.
void gather_windows(const Window& w, const float* input, std::int64_t begin, std::int64_t end, float* to) {
  const std::int64_t c = w.channels;
  Pixel pixel(w, begin);
  for (std::int64_t p = begin; p < end; ++p, pixel.next(w)) {
    const float* image = input + pixel.image * w.height * w.width * c;
    const std::int64_t x0 = pixel.x * w.stride_w - w.padding_w;
    const std::int64_t first = std::clamp<std::int64_t>(-x0, 0, w.kernel_w);  // taps left of the picture
    const std::int64_t last = std::clamp<std::int64_t>(w.width - x0, first, w.kernel_w);
    std::int64_t y = pixel.y * w.stride_h - w.padding_h;
    for (std::int64_t i = 0; i < w.kernel_h; ++i, y += w.dilation_h, to += w.kernel_w * c) {
      if (y < 0 || y >= w.height || first == last) {
        std::fill_n(to, w.kernel_w * c, 0.0f);
        continue;
      }
      std::fill_n(to, first * c, 0.0f);
      std::copy_n(image + (y * w.width + x0 + first) * c, (last - first) * c, to + first * c);
      std::fill_n(to + last * c, (w.kernel_w - last) * c, 0.0f);
    }
  }
}

class GemmConv2d final : public Prepared {
 public:
  GemmConv2d(const layers::Conv2d& layer, Weights weights, const Window& w, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        window_(w),
        path_(choose_path(w, context_)),
        epilogue_(layer.epilogue),
        bias_(weight_data(weights, layer.bias)),
        weight_(weight_data(weights, layer.weight)),
        zeros_(make_zeros(w.channels)) {
    const std::int64_t k = w.taps() * w.group_channels();
    if (path_ == Path::kOpenblas) {
      // One size of tile for any number of threads: OpenBLAS' sums may depend on it.
      constexpr std::int64_t kRows = 192;
      tiling_ = {kRows, ceil_div(w.pixels(), kRows), 1};
      return;
    }
    packed_ = packed_convolution(w, context_, arguments.packs, layer.weight, weight_);
    const std::int64_t row = path_ == Path::kGathered ? std::max(k, w.taps()) : w.taps();
    const std::int64_t most_rows = std::max<std::int64_t>(1, kMostScratch / row);
    tiling_ = tile_gemm(context_, w.pixels(), most_rows, k, w.group_outputs(),
                        w.groups == 1 ? packed_->groups[0].panels() : 1);
    ScratchLayout scratch;
    rows_ = scratch.add<const float*>(tiling_.rows * w.taps());
    if (path_ == Path::kGathered) {
      gathered_ = scratch.add<float>(tiling_.rows * k);
      tile_rows_ = scratch.add<const float*>(tiling_.rows);
    }
    thread_bytes_ = scratch.bytes();
  }

  std::string algorithm() const override {
    const char* names[] = {"gemm", "indirect gemm", "gathered gemm", "openblas"};
    return core::message(names[static_cast<int>(path_)], " ", window_.kernel_h, "x", window_.kernel_w, " ",
                         name_of(context_.isa()));
  }
  std::size_t workspace_bytes() const override {
    return thread_bytes_ * static_cast<std::size_t>(context_.threads());
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    const float* residual = epilogue_.residual ? inputs.back().data : nullptr;
    context_.pool().parallel_for(
        tiling_.row_tiles * tiling_.panel_tiles, [&](std::int64_t index, int thread) {
          std::byte* scratch = workspace + static_cast<std::size_t>(thread) * thread_bytes_;
          const std::int64_t begin = index / tiling_.panel_tiles * tiling_.rows;
          const std::int64_t end = std::min(window_.pixels(), begin + tiling_.rows);
          GemmOutput out;
          out.ldc = out.ldr = window_.out_channels;
          out.c = outputs[0].data + begin * out.ldc;
          out.residual = residual == nullptr ? nullptr : residual + begin * out.ldr;
          out.bias = bias_;
          out.activation = epilogue_.activation;
          out.scale = epilogue_.scale;
          out.shift = epilogue_.shift;
          if (path_ == Path::kOpenblas)
            run_openblas(inputs[0].data, begin, end, out);
          else
            run_tile(inputs[0].data, begin, end, index % tiling_.panel_tiles, out, scratch);
        });
  }

 private:
  void run_openblas(const float* input, std::int64_t begin, std::int64_t end, const GemmOutput& out) const {
    const std::int64_t channels = window_.channels;
    multiply_openblas(end - begin, window_.out_channels, channels, input + begin * channels, channels,
                      weight_, out.c, out.ldc);
    apply_epilogue(context_.simd(), out, end - begin, window_.out_channels);
  }

  void run_tile(const float* input, std::int64_t begin, std::int64_t end, std::int64_t panel_tile,
                const GemmOutput& out, std::byte* scratch) const {
    const Window& w = window_;
    auto** rows = reinterpret_cast<const float**>(scratch + rows_);
    auto* gathered = reinterpret_cast<float*>(scratch + gathered_);
    const bool contiguous = w.groups == 1 && w.dilation_w == 1;
    if (path_ == Path::kPlain)
      for (std::int64_t p = begin; p < end; ++p) rows[p - begin] = input + p * w.channels;
    else if (path_ == Path::kIndirect || !contiguous)
      point_rows(w, input, zeros_.floats(), begin, end, rows);

    for (std::int64_t g = 0; g < w.groups; ++g) {
      const PackedMatrix& b = packed_->groups[static_cast<std::size_t>(g)];
      const std::int64_t channels = w.group_channels();
      GemmRows a;
      a.m = end - begin;
      if (path_ == Path::kGathered) {
        const std::int64_t k = w.taps() * channels;
        if (contiguous)
          gather_windows(w, input, begin, end, gathered);
        else
          for (std::int64_t s = 0; s < a.m * w.taps(); ++s)
            std::copy_n(rows[s] + g * channels, channels, gathered + s * channels);
        auto** tile = reinterpret_cast<const float**>(scratch + tile_rows_);
        for (std::int64_t i = 0; i < a.m; ++i) tile[i] = gathered + i * k;
        a.rows = tile;
        a.length = k;
      } else {
        a.rows = rows;
        a.row_stride = w.taps();
        a.segments = w.taps();
        a.length = channels;
        a.offset = g * channels;
      }
      GemmOutput part = out;
      const std::int64_t first = g * w.group_outputs();
      part.c += first;
      if (part.bias != nullptr) part.bias += first;
      if (part.residual != nullptr) part.residual += first;
      const std::int64_t panels = ceil_div(b.panels(), tiling_.panel_tiles);
      multiply(context_.simd(), b, a, part, panel_tile * panels,
               std::min(b.panels(), (panel_tile + 1) * panels));
    }
  }

  const CpuContext& context_;
  Window window_;
  Path path_;
  layers::Epilogue epilogue_;
  const float* bias_;
  const float* weight_;
  std::shared_ptr<const PackedWeights> packed_;
  core::Buffer zeros_;
  GemmTiling tiling_;
  std::size_t rows_ = 0;
  std::size_t gathered_ = 0;
  std::size_t tile_rows_ = 0;
  std::size_t thread_bytes_ = 0;
};

class Conv2dKernel final : public Kernel {
 public:
  Conv2dKernel(const layers::Conv2d& layer, const layers::NodeContext& context)
      : layer_(layer), weights_(context.weights()) {}
  std::unique_ptr<Prepared> prepare(const PrepareArguments& arguments) const override {
    const Window w =
        window_of(layer_, weight_shape(weights_, layer_.weight), arguments.inputs[0], arguments.outputs[0]);
    if (layer_.upsample != layers::Pair{1, 1}) return prepare_upsampled(layer_, weights_, w, arguments);
    if (is_depthwise(w)) return prepare_depthwise(layer_, weights_, w, arguments);
    if (const auto tile = choose_winograd(layer_, w))
      return prepare_winograd(layer_, weights_, w, *tile, arguments);
    return std::make_unique<GemmConv2d>(layer_, weights_, w, arguments);
  }

 private:
  layers::Conv2d layer_;
  Weights weights_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Conv2d& layer, const layers::NodeContext& context) {
  return std::make_unique<Conv2dKernel>(layer, context);
}

}  // namespace pliant::backends::cpu

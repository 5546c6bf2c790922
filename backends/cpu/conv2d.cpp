#include "layers/conv2d.hpp"

#include <algorithm>
#include <optional>

#include "backends/cpu/convolution.hpp"
#include "backends/cpu/depthwise_conv2d.hpp"
#include "backends/cpu/pooled_conv2d.hpp"
#include "backends/cpu/upsampled_conv2d.hpp"
#include "backends/cpu/window_product.hpp"
#include "backends/cpu/winograd_conv2d.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// Native wherever the environment does not ask for OpenBLAS: measured on 1x1 products of 20x20 to 160x160
/// pixels with 64 to 2048 channels on an AVX-512 machine, OpenBLAS 0.3.21 gave 64 to 95 % of the native
/// speed.
bool by_openblas(const Window& w, const CpuContext& context) {
  const bool pointwise =
      w.taps() == 1 && w.stride_h == 1 && w.stride_w == 1 && w.padding_h == 0 && w.padding_w == 0;
  return pointwise && w.groups == 1 && context.gemm() == GemmChoice::kOpenblas;
}

class GemmConv2d final : public Prepared {
 public:
  GemmConv2d(const layers::Conv2d& layer, Weights weights, const Window& w, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        window_(w),
        epilogue_(layer.epilogue),
        bias_(weight_data(weights, layer.bias)),
        weight_(weight_data(weights, layer.weight)) {
    if (by_openblas(w, context_)) {
      // One size of tile for any number of threads: OpenBLAS' sums may depend on it.
      constexpr std::int64_t kRows = 192;
      tiling_ = {kRows, ceil_div(w.pixels(), kRows), 1};
      return;
    }
    product_.emplace(w, context_, arguments.packs, layer.weight, weight_);
    tiling_ = tile_gemm(context_, w.pixels(), product_->most_pixels(), w.taps() * w.group_channels(),
                        w.group_outputs(), product_->panels());
    ScratchLayout scratch;
    in_place_ = residual_input(epilogue_, arguments);
    product_->reserve(tiling_.rows, scratch);
    thread_bytes_ = scratch.bytes();
  }

  std::string algorithm() const override {
    return product_ ? product_->algorithm() : core::message("openblas 1x1 ", name_of(context_.isa()));
  }
  int in_place_input() const override { return in_place_; }
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
          out.activate(epilogue_);
          if (product_)
            product_->run(inputs[0].data, begin, end, index % tiling_.panel_tiles, tiling_.panel_tiles, out,
                          scratch);
          else
            run_openblas(inputs[0].data, begin, end, out);
        });
  }

 private:
  void run_openblas(const float* input, std::int64_t begin, std::int64_t end, const GemmOutput& out) const {
    const std::int64_t channels = window_.channels;
    multiply_openblas(end - begin, window_.out_channels, channels, input + begin * channels, channels,
                      weight_, out.c, out.ldc);
    apply_epilogue(context_.simd(), out, end - begin, window_.out_channels);
  }

  const CpuContext& context_;
  Window window_;
  layers::Epilogue epilogue_;
  int in_place_ = -1;
  const float* bias_;
  const float* weight_;
  std::optional<WindowProduct> product_;  // none where OpenBLAS multiplies
  GemmTiling tiling_;
  std::size_t thread_bytes_ = 0;
};

/// The cost model's choice, or what the environment asks for where the convolution can be computed so.
std::optional<WinogradTile> winograd_tile(const layers::Conv2d& layer, const Window& w, Conv2dChoice choice) {
  if (choice == Conv2dChoice::kAuto || !takes_winograd(w)) return choose_winograd(layer, w);
  if (choice == Conv2dChoice::kGemm) return std::nullopt;
  return choice == Conv2dChoice::kWinograd4 ? WinogradTile::kFour : WinogradTile::kSix;
}

class Conv2dKernel final : public Kernel {
 public:
  Conv2dKernel(const layers::Conv2d& layer, const layers::NodeContext& context)
      : layer_(layer), weights_(context.weights()) {}
  std::unique_ptr<Prepared> prepare(const PrepareArguments& arguments) const override {
    const Shape& weight = weight_shape(weights_, layer_.weight);
    const Shape& x = arguments.inputs[0];
    const Window w = window_of(layer_, weight, x, layers::convolved_shape(layer_, x, weight));
    if (layer_.pool) return prepare_pooled(layer_, weights_, w, arguments);
    if (layer_.upsample != layers::Pair{1, 1}) return prepare_upsampled(layer_, weights_, w, arguments);
    if (is_depthwise(w)) return prepare_depthwise(layer_, weights_, w, arguments);
    if (const auto tile = winograd_tile(layer_, w, cpu_context(arguments).conv2d()))
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

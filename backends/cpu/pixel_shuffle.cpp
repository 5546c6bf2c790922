#include "backends/cpu/pixel_shuffle.hpp"

#include "backends/cpu/parallel.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// Most floats of a tile's products.
constexpr std::int64_t kMostFloats = 1 << 15;

class PixelShuffle final : public Prepared {
 public:
  PixelShuffle(const layers::ConvTranspose2d& layer, Weights weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        activation_(layer.epilogue.activation),
        window_(window_of(layer, weight_shape(weights, layer.weight), arguments.inputs[0],
                          arguments.outputs[0])) {
    const Window& w = window_;
    columns_ = w.taps() * w.out_channels;
    if (const float* bias = weight_data(weights, layer.bias))
      for (std::int64_t i = 0; i < columns_; ++i) bias_.push_back(bias[i % w.out_channels]);
    packed_ = packed_shuffle(context_, weights, layer.weight, arguments.packs);
    pixels_ = std::max<std::int64_t>(1, std::min<std::int64_t>(96, kMostFloats / columns_));
    ScratchLayout scratch;
    rows_ = scratch.add<const float*>(pixels_);
    products_ = scratch.add<float>(pixels_ * columns_);
    thread_bytes_ = scratch.bytes();
  }

  std::string algorithm() const override {
    return core::message("gemm and shuffle ", window_.kernel_h, "x", window_.kernel_w, " ",
                         name_of(context_.isa()));
  }
  std::size_t workspace_bytes() const override {
    return thread_bytes_ * static_cast<std::size_t>(context_.threads());
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    const Window& w = window_;
    for_ranges(context_.pool(), w.batch * w.height * w.width, pixels_,
               [&](std::int64_t begin, std::int64_t end, int thread) {
                 std::byte* scratch = workspace + static_cast<std::size_t>(thread) * thread_bytes_;
                 auto** rows = reinterpret_cast<const float**>(scratch + rows_);
                 auto* products = reinterpret_cast<float*>(scratch + products_);
                 for (std::int64_t p = begin; p < end; ++p) rows[p - begin] = inputs[0].data + p * w.channels;
                 GemmRows a;
                 a.m = end - begin;
                 a.rows = rows;
                 a.length = w.channels;
                 GemmOutput out;
                 out.c = products;
                 out.ldc = columns_;
                 out.bias = bias_.empty() ? nullptr : bias_.data();
                 out.activation = activation_;
                 multiply(context_.simd(), *packed_, a, out);
                 shuffle(products, begin, end, outputs[0].data);
               });
  }

 private:
  /// A row of taps of one input pixel is contiguous in the output.
  void shuffle(const float* from, std::int64_t begin, std::int64_t end, float* output) const {
    const Window& w = window_;
    const std::int64_t run = w.kernel_w * w.out_channels;
    for (std::int64_t p = begin; p < end; ++p) {
      const std::int64_t row = p / w.width;  // of all images' rows
      const std::int64_t x = p % w.width;
      for (std::int64_t i = 0; i < w.kernel_h; ++i, from += run)
        std::copy_n(from, run, output + (row * w.kernel_h + i) * w.out_width * w.out_channels + x * run);
    }
  }

  const CpuContext& context_;
  layers::Activation activation_;
  Window window_;
  std::vector<float> bias_;  // once a tap
  std::shared_ptr<const PackedMatrix> packed_;
  std::int64_t columns_ = 0;
  std::int64_t pixels_ = 1;
  std::size_t rows_ = 0;
  std::size_t products_ = 0;
  std::size_t thread_bytes_ = 0;
};

}  // namespace

std::shared_ptr<const PackedMatrix> packed_shuffle(const CpuContext& context, Weights weights,
                                                   layers::WeightId id, PackCache& packs) {
  return packs.get<PackedMatrix>({id.index, gemm_form(context) + " shuffle"}, [&] {
    const float* from = weight_data(weights, id);
    const Shape& shape = weight_shape(weights, id);
    const std::int64_t outputs = shape[1];
    const std::int64_t taps = shape[2] * shape[3];
    auto packed = std::make_shared<const PackedMatrix>(
        pack_matrix(context, shape[0], taps * outputs, [=](std::int64_t k, std::int64_t n) {
          return from[(k * outputs + n % outputs) * taps + n / outputs];
        }));
    const std::size_t bytes = packed->bytes();
    return std::pair{std::move(packed), bytes};
  });
}

bool is_pixel_shuffle(const layers::ConvTranspose2d& layer, Weights weights,
                      const PrepareArguments& arguments) {
  const Shape& weight = weight_shape(weights, layer.weight);
  const GemmKernels& kernels = cpu_context(arguments).simd().gemm;
  return layers::is_pixelwise(layer, weight) && weight[1] < kernels.vector * kernels.panel_vectors;
}

std::unique_ptr<Prepared> prepare_pixel_shuffle(const layers::ConvTranspose2d& layer, Weights weights,
                                                const PrepareArguments& arguments) {
  return std::make_unique<PixelShuffle>(layer, weights, arguments);
}

}  // namespace pliant::backends::cpu

// Two transposed convolutions whose outputs belong to one input pixel each: a tile's pixels go through both
// before anything is written, so the map between them, the largest of the network, never exists.
#include <algorithm>
#include <vector>

#include "backends/cpu/parallel.hpp"
#include "backends/cpu/pixel_shuffle.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// Most floats of a tile's products of the first convolution.
constexpr std::int64_t kMostFloats = 1 << 14;

/// The bias once a tap; empty where there is none.
std::vector<float> repeated(const float* bias, std::int64_t channels, std::int64_t taps) {
  std::vector<float> result;
  for (std::int64_t i = 0; bias != nullptr && i < channels * taps; ++i) result.push_back(bias[i % channels]);
  return result;
}

class PixelShufflePair final : public Prepared {
 public:
  PixelShufflePair(const layers::ConvTranspose2d& layer, Weights weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        layer_(layer),
        x_(arguments.inputs[0]),
        first_(weight_shape(weights, layer.weight)),
        next_(weight_shape(weights, layer.next_weight)),
        taps_(first_[2] * first_[3]),
        columns_(taps_ * first_[1]),
        next_columns_(next_[1] * next_[2] * next_[3]),
        bias_(repeated(weight_data(weights, layer.bias), first_[1], taps_)),
        next_bias_(repeated(weight_data(weights, layer.next_bias), next_[1], next_[2] * next_[3])),
        packed_(packed_shuffle(context_, weights, layer.weight, arguments.packs)),
        next_packed_(packed_shuffle(context_, weights, layer.next_weight, arguments.packs)) {
    constexpr std::int64_t kMostPixels = 96;
    pixels_ = std::clamp<std::int64_t>(kMostFloats / columns_, 1, kMostPixels);
    ScratchLayout scratch;
    rows_ = scratch.add<const float*>(pixels_ * taps_);
    middle_ = scratch.add<float>(pixels_ * columns_);
    results_ = scratch.add<float>(pixels_ * taps_ * next_columns_);
    thread_bytes_ = scratch.bytes();
  }

  std::string algorithm() const override {
    return core::message("two gemms and shuffle ", first_[2], "x", first_[3], " ", next_[2], "x", next_[3],
                         " ", name_of(context_.isa()));
  }
  std::size_t workspace_bytes() const override {
    return thread_bytes_ * static_cast<std::size_t>(context_.threads());
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    for_ranges(context_.pool(), x_[0] * x_[2] * x_[3], pixels_,
               [&](std::int64_t begin, std::int64_t end, int thread) {
                 std::byte* scratch = workspace + static_cast<std::size_t>(thread) * thread_bytes_;
                 auto** rows = reinterpret_cast<const float**>(scratch + rows_);
                 auto* middle = reinterpret_cast<float*>(scratch + middle_);
                 auto* results = reinterpret_cast<float*>(scratch + results_);
                 const std::int64_t m = end - begin;
                 multiply_rows(inputs[0].data + begin * x_[1], x_[1], m, rows, *packed_, bias_,
                               layer_.epilogue.activation, middle);
                 multiply_rows(middle, first_[1], m * taps_, rows, *next_packed_, next_bias_,
                               layer_.next_activation, results);
                 shuffle(results, begin, end, outputs[0].data);
               });
  }

 private:
  void multiply_rows(const float* x, std::int64_t length, std::int64_t m, const float** rows,
                     const PackedMatrix& b, const std::vector<float>& bias, layers::Activation activation,
                     float* to) const {
    for (std::int64_t i = 0; i < m; ++i) rows[i] = x + i * length;
    GemmRows a;
    a.m = m;
    a.rows = rows;
    a.length = length;
    GemmOutput out;
    out.c = to;
    out.ldc = b.n;
    out.bias = bias.empty() ? nullptr : bias.data();
    out.activation = activation;
    multiply(context_.simd(), b, a, out);
  }

  /// results[pixel][tap][next tap][channel]; a row of next taps is contiguous in the output.
  void shuffle(const float* from, std::int64_t begin, std::int64_t end, float* output) const {
    const std::int64_t run = next_[3] * next_[1];
    const std::int64_t row = x_[3] * first_[3] * run;  // floats of an output row
    for (std::int64_t p = begin; p < end; ++p)
      for (std::int64_t i = 0; i < first_[2]; ++i)
        for (std::int64_t j = 0; j < first_[3]; ++j) {
          const std::int64_t y = (p / x_[3] * first_[2] + i) * next_[2];
          const std::int64_t x = p % x_[3] * first_[3] + j;
          for (std::int64_t k = 0; k < next_[2]; ++k, from += run)
            std::copy_n(from, run, output + (y + k) * row + x * run);
        }
  }

  const CpuContext& context_;
  layers::ConvTranspose2d layer_;
  Shape x_;
  Shape first_, next_;  // of the weights
  std::int64_t taps_;
  std::int64_t columns_, next_columns_;
  std::vector<float> bias_, next_bias_;  // once a tap
  std::shared_ptr<const PackedMatrix> packed_, next_packed_;
  std::int64_t pixels_ = 1;
  std::size_t rows_ = 0, middle_ = 0, results_ = 0;
  std::size_t thread_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Prepared> prepare_pixel_shuffle_pair(const layers::ConvTranspose2d& layer, Weights weights,
                                                     const PrepareArguments& arguments) {
  return std::make_unique<PixelShufflePair>(layer, weights, arguments);
}

}  // namespace pliant::backends::cpu

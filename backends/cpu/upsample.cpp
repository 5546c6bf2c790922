#include "layers/upsample.hpp"

#include <algorithm>

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/parallel.hpp"

namespace pliant::backends::cpu {
namespace {

class NearestUpsample final : public Prepared {
 public:
  NearestUpsample(const layers::Upsample& layer, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)), x_(arguments.inputs[0]), y_(arguments.outputs[0]) {
    rows_ = layers::nearest_indices(x_[2], y_[2], layer.to_size, layer.scale_h);
    columns_ = layers::nearest_indices(x_[3], y_[3], layer.to_size, layer.scale_w);
  }

  std::string algorithm() const override { return "nearest"; }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    const std::int64_t channels = y_[1];
    const std::int64_t height = y_[2];
    const std::int64_t width = y_[3];
    for_ranges(context_.pool(), y_[0] * height, grain_of(width * channels * 4),
               [&](std::int64_t begin, std::int64_t end, int) {
                 for (std::int64_t row = begin; row < end; ++row) {
                   const std::int64_t source =
                       row / height * x_[2] + rows_[static_cast<std::size_t>(row % height)];
                   const float* from = inputs[0].data + source * x_[3] * channels;
                   float* to = outputs[0].data + row * width * channels;
                   for (const std::int32_t column : columns_) {
                     std::copy_n(from + column * channels, channels, to);
                     to += channels;
                   }
                 }
               });
  }

 private:
  const CpuContext& context_;
  Shape x_;
  Shape y_;
  std::vector<std::int32_t> rows_;     // source row of each output row
  std::vector<std::int32_t> columns_;  // likewise
};

/// Between which two indices of the input a result lies, and the weight of the second.
struct Between {
  std::int64_t first = 0;
  std::int64_t second = 0;
  float weight = 0;
};

/// PyTorch's source coordinates, in its float32 arithmetic: a coordinate that rounds the other way would
/// read other pixels. Equal sizes are a copy there whatever the scale says.
std::vector<Between> source_places(const layers::Upsample& layer, std::int64_t in, std::int64_t out,
                                   double scale) {
  float step = 0;
  if (!layer.align_corners)
    step = layer.to_size ? static_cast<float>(in) / static_cast<float>(out) : static_cast<float>(1.0 / scale);
  else if (out > 1)
    step = static_cast<float>(in - 1) / static_cast<float>(out - 1);
  std::vector<Between> places;
  for (std::int64_t i = 0; i < out; ++i) {
    const auto at = static_cast<float>(i);
    const float source = in == out             ? at
                         : layer.align_corners ? step * at
                                               : std::max(step * (at + 0.5f) - 0.5f, 0.0f);
    Between place;
    place.first = std::min(static_cast<std::int64_t>(source), in - 1);
    place.second = std::min(place.first + 1, in - 1);
    place.weight = std::min(source - static_cast<float>(place.first), 1.0f);
    if (in == out) place.second = place.first;
    places.push_back(place);
  }
  return places;
}

class BilinearUpsample final : public Prepared {
 public:
  BilinearUpsample(const layers::Upsample& layer, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)), x_(arguments.inputs[0]), y_(arguments.outputs[0]) {
    rows_ = source_places(layer, x_[2], y_[2], layer.scale_h);
    columns_ = source_places(layer, x_[3], y_[3], layer.scale_w);
  }

  std::string algorithm() const override { return "bilinear " + std::string(name_of(context_.isa())); }

  void run(Inputs inputs, Outputs outputs, std::byte*) const override {
    const std::int64_t row_floats = y_[3] * y_[1];
    for_ranges(context_.pool(), y_[0] * y_[2], grain_of(row_floats * 8),
               [&](std::int64_t begin, std::int64_t end, int) {
                 for (std::int64_t row = begin; row < end; ++row)
                   run_row(inputs[0].data + row / y_[2] * x_[2] * x_[3] * x_[1],
                           rows_[static_cast<std::size_t>(row % y_[2])], outputs[0].data + row * row_floats);
               });
  }

 private:
  /// A point of the deformable convolution's sampler is four pixels with their weights: the same thing.
  void run_row(const float* image, const Between& row, float* to) const {
    constexpr std::int64_t kPoints = 32;
    const std::int64_t channels = x_[1];
    const float* top = image + row.first * x_[3] * channels;
    const float* bottom = image + row.second * x_[3] * channels;
    SamplePoint points[kPoints];
    const std::int64_t width = y_[3];
    for (std::int64_t begin = 0; begin < width; begin += kPoints) {
      const std::int64_t count = std::min(kPoints, width - begin);
      for (std::int64_t i = 0; i < count; ++i) {
        const Between& column = columns_[static_cast<std::size_t>(begin + i)];
        const std::int64_t left = column.first * channels;
        const std::int64_t right = column.second * channels;
        const float h0 = 1.0f - row.weight;
        const float w0 = 1.0f - column.weight;
        points[i] = {{top + left, top + right, bottom + left, bottom + right},
                     {h0 * w0, h0 * column.weight, row.weight * w0, row.weight * column.weight}};
      }
      context_.simd().sampling.sample(points, count, 0, channels, to + begin * channels);
    }
  }

  const CpuContext& context_;
  Shape x_;
  Shape y_;
  std::vector<Between> rows_;
  std::vector<Between> columns_;
};

class UpsampleKernel final : public Kernel {
 public:
  explicit UpsampleKernel(const layers::Upsample& layer) : layer_(layer) {}
  std::unique_ptr<Prepared> prepare(const PrepareArguments& arguments) const override {
    if (layer_.mode == layers::Upsample::Mode::kBilinear)
      return std::make_unique<BilinearUpsample>(layer_, arguments);
    return std::make_unique<NearestUpsample>(layer_, arguments);
  }

 private:
  layers::Upsample layer_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Upsample& layer, const layers::NodeContext&) {
  return std::make_unique<UpsampleKernel>(layer);
}

}  // namespace pliant::backends::cpu

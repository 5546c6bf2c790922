#include "layers/deform_roi_pool.hpp"

#include <algorithm>
#include <cmath>

#include "backends/cpu/kernel.hpp"
#include "backends/cpu/parallel.hpp"
#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::backends::cpu {
namespace {

/// A region in the coordinates of the feature map. The numbers are rounded to float32 where the CUDA kernel
/// rounds them; 0.1 and 0.5 are doubles there.
struct Region {
  std::int64_t image = 0;
  float x = 0, y = 0, width = 0, height = 0;

  Region(const float* roi, std::int64_t index, double spatial_scale, std::int64_t batch,
         const std::string& node) {
    // Truncated as a cast to int truncates. The CUDA kernel reads whatever memory a wrong number leads to.
    if (!(double{roi[0]} > -1.0 && double{roi[0]} < static_cast<double>(batch)))
      throw Error(ErrorCode::kInvalidArgument,
                  core::message("deform_roi_pool '", node, "': region ", index, " names image ", roi[0],
                                ", expected 0 to ", batch - 1));
    image = static_cast<std::int64_t>(roi[0]);
    const float scale = to_float(spatial_scale);
    const auto begin = [&](float v) { return static_cast<float>(double{std::round(v) * scale} - 0.5); };
    const auto end = [&](float v) {
      return static_cast<float>(double{static_cast<float>(std::round(v) + 1.0) * scale} - 0.5);
    };
    x = begin(roi[1]);
    y = begin(roi[2]);
    // fmax: a number that is none counts as the smallest region.
    width = static_cast<float>(std::fmax(double{end(roi[3]) - x}, 0.1));
    height = static_cast<float>(std::fmax(double{end(roi[4]) - y}, 0.1));
  }
};

/// Index of the part of `parts` that bin `bin` of `bins` lies in, in float32.
std::int64_t part_of(std::int64_t bin, std::int64_t bins, std::int64_t parts) {
  const float part = static_cast<float>(bin) / static_cast<float>(bins) * static_cast<float>(parts);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(part), 0, parts - 1);
}

std::int64_t group_of(std::int64_t bin, std::int64_t bins, std::int64_t groups) {
  const float group = static_cast<float>(bin) * static_cast<float>(groups) / static_cast<float>(bins);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(group), 0, groups - 1);
}

/// One sample coordinate. False where it lies outside.
bool clamp_coordinate(float& v, std::int64_t size) {
  if (v < -0.5 || v > static_cast<double>(size) - 0.5) return false;
  // fmax and fmin: NaN, which passes the comparisons above, samples pixel 0, as on CUDA.
  v = static_cast<float>(std::fmin(std::fmax(double{v}, 0.0), static_cast<double>(size) - 1.0));
  return true;
}

class PreparedDeformRoIPool final : public Prepared {
 public:
  PreparedDeformRoIPool(const layers::DeformRoIPool& layer, const std::string& node,
                        const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        node_(node),
        layer_(layer),
        x_(arguments.inputs[0]),
        regions_(arguments.inputs[1][0]),
        classes_(layer.has_trans ? arguments.inputs[2][1] / 2 : 1),
        class_channels_(layer.output_dim / classes_) {}

  std::string algorithm() const override { return "bilinear " + std::string(name_of(context_.isa())); }
  std::size_t workspace_bytes() const override {
    return static_cast<std::size_t>(context_.threads()) * scratch_bytes();
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    const std::int64_t pooled = layer_.pooled_size;
    const std::int64_t samples = std::int64_t{layer_.sample_per_part} * layer_.sample_per_part;
    const float* trans = layer_.has_trans ? inputs[2].data : nullptr;
    for_ranges(context_.pool(), regions_ * pooled * pooled,
               grain_of(layer_.output_dim * std::min<std::int64_t>(samples, 64) * 16),
               [&](std::int64_t begin, std::int64_t end, int thread) {
                 auto* scratch =
                     reinterpret_cast<float*>(workspace + static_cast<std::size_t>(thread) * scratch_bytes());
                 for (std::int64_t i = begin; i < end; ++i) {
                   const std::int64_t r = i / (pooled * pooled);
                   const Region region(inputs[1].data + r * 5, r, layer_.spatial_scale, x_[0], node_);
                   pool_bin(inputs[0].data, region, trans, r, i / pooled % pooled, i % pooled,
                            outputs[0].data + i * layer_.output_dim, scratch);
                 }
               });
  }

 private:
  /// A thread's sampled channels.
  std::size_t scratch_bytes() const {
    return core::align_up(static_cast<std::size_t>(class_channels_) * sizeof(float));
  }

  void pool_bin(const float* input, const Region& region, const float* trans, std::int64_t r,
                std::int64_t bin_y, std::int64_t bin_x, float* to, float* scratch) const {
    const std::int64_t pooled = layer_.pooled_size;
    const std::int64_t part = layer_.part_size;
    const float bin_height = region.height / static_cast<float>(pooled);
    const float bin_width = region.width / static_cast<float>(pooled);
    const std::int64_t at = (r * part + part_of(bin_y, pooled, part)) * part + part_of(bin_x, pooled, part);
    for (std::int64_t c = 0; c < classes_; ++c) {
      float x = static_cast<float>(bin_x) * bin_width + region.x;
      float y = static_cast<float>(bin_y) * bin_height + region.y;
      if (trans != nullptr) {
        const float* shift = trans + at * 2 * classes_ + 2 * c;
        const float deviation = to_float(layer_.trans_std);
        x += shift[0] * deviation * region.width;
        y += shift[1] * deviation * region.height;
      }
      const std::int64_t channels = class_channels_;
      float* result = to + c * channels;
      std::fill_n(result, channels, 0.0f);
      const auto samples = static_cast<float>(layer_.sample_per_part);
      std::int64_t count = 0;
      for (int i = 0; i < layer_.sample_per_part; ++i)
        for (int j = 0; j < layer_.sample_per_part; ++j) {
          float v = y + static_cast<float>(i) * (bin_height / samples);
          float u = x + static_cast<float>(j) * (bin_width / samples);
          if (!clamp_coordinate(u, x_[3]) || !clamp_coordinate(v, x_[2])) continue;
          add_sample(input, region.image, v, u, c * channels, bin_y, bin_x, scratch, result);
          ++count;
        }
      if (count > 0) context_.simd().element.div_scalar(result, static_cast<float>(count), result, channels);
    }
  }

  /// Adds the sample at (v, u) of the class' channels, beginning with output channel `first`.
  void add_sample(const float* input, std::int64_t image, float v, float u, std::int64_t first,
                  std::int64_t bin_y, std::int64_t bin_x, float* scratch, float* result) const {
    const std::int64_t y0 = static_cast<std::int64_t>(v);
    const std::int64_t x0 = static_cast<std::int64_t>(u);
    const float dy = v - static_cast<float>(y0);
    const float dx = u - static_cast<float>(x0);
    const std::int64_t y1 = dy > 0 ? y0 + 1 : y0;  // the ceiling
    const std::int64_t x1 = dx > 0 ? x0 + 1 : x0;
    const auto pixel = [&](std::int64_t y, std::int64_t x) {
      return input + ((image * x_[2] + y) * x_[3] + x) * x_[1];
    };
    const SamplePoint point{{pixel(y0, x0), pixel(y1, x0), pixel(y0, x1), pixel(y1, x1)},
                            {(1 - dx) * (1 - dy), (1 - dx) * dy, dx * (1 - dy), dx * dy}};
    const std::int64_t groups = layer_.group_size;
    if (groups == 1) {
      context_.simd().sampling.sample(&point, 1, first, class_channels_, scratch);
      context_.simd().element.add(result, scratch, result, class_channels_);
      return;
    }
    // Position-sensitive: output channel c of this bin reads channel (c * groups + gy) * groups + gx.
    const std::int64_t group =
        group_of(bin_y, layer_.pooled_size, groups) * groups + group_of(bin_x, layer_.pooled_size, groups);
    for (std::int64_t c = 0; c < class_channels_; ++c) {
      const std::int64_t channel = (first + c) * groups * groups + group;
      float value = 0;
      for (int k = 0; k < 4; ++k) value += point.weight[k] * point.corner[k][channel];
      result[c] += value;
    }
  }

  const CpuContext& context_;
  std::string node_;
  layers::DeformRoIPool layer_;
  Shape x_;
  std::int64_t regions_;
  std::int64_t classes_;
  std::int64_t class_channels_;
};

class DeformRoIPoolKernel final : public Kernel {
 public:
  DeformRoIPoolKernel(const layers::DeformRoIPool& layer, const layers::NodeContext& context)
      : layer_(layer), node_(context.node()) {}
  std::unique_ptr<Prepared> prepare(const PrepareArguments& arguments) const override {
    return std::make_unique<PreparedDeformRoIPool>(layer_, node_, arguments);
  }

 private:
  layers::DeformRoIPool layer_;
  std::string node_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::DeformRoIPool& layer, const layers::NodeContext& context) {
  return std::make_unique<DeformRoIPoolKernel>(layer, context);
}

}  // namespace pliant::backends::cpu

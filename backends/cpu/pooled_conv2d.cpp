#include "backends/cpu/pooled_conv2d.hpp"

#include <algorithm>

#include "backends/cpu/depthwise_conv2d.hpp"
#include "backends/cpu/parallel.hpp"
#include "backends/cpu/window_maximum.hpp"
#include "backends/cpu/window_product.hpp"
#include "backends/cpu/winograd_conv2d.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// Most floats of the rows between convolution and pooling that a task keeps: half of a small second-level
/// cache.
constexpr std::int64_t kMostFloats = 1 << 16;
/// Pixels of one product.
constexpr std::int64_t kMostPixels = 96;

/// The pooled map in parts: a task is a band of rows and a strip of columns of one picture. What the windows
/// of two parts share is computed twice, so parts are as large as balance and cache allow.
struct Parts {
  std::int64_t rows = 1, bands = 1;
  std::int64_t columns = 1, strips = 1;

  Parts(const Window& pool, std::int64_t threads) {
    const std::int64_t fitting = kMostFloats / (pool.kernel_h * pool.channels);  // columns before pooling
    columns = std::clamp<std::int64_t>((fitting - pool.kernel_w) / pool.stride_w + 1, 1, pool.out_width);
    strips = ceil_div(pool.out_width, columns);
    columns = ceil_div(pool.out_width, strips);
    if (threads > 1) {
      constexpr std::int64_t kTasksAThread = 4;
      const std::int64_t shared = std::max<std::int64_t>(0, pool.kernel_h - pool.stride_h);
      const std::int64_t least_rows = ceil_div(20 * shared, pool.stride_h) + 1;  // 5 % are computed twice
      const std::int64_t wanted = ceil_div(kTasksAThread * threads, pool.batch * strips);
      // As many for each thread, and at least one for each.
      const std::int64_t most = pool.out_height / least_rows / threads * threads;
      bands = std::min(wanted, std::max(most, ceil_div(threads, pool.batch * strips)));
    }
    rows = ceil_div(pool.out_height, bands);
    bands = ceil_div(pool.out_height, rows);
  }
  std::int64_t count(const Window& pool) const { return pool.batch * bands * strips; }
};

class PooledConv2d final : public Prepared {
 public:
  PooledConv2d(const layers::Conv2d& layer, Weights weights, const Window& w,
               const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        conv_(w),
        pool_(pooling_window(*layer.pool, Shape{w.batch, w.out_channels, w.out_height, w.out_width},
                             arguments.outputs[0])),
        epilogue_(layer.epilogue),
        bias_(weight_data(weights, layer.bias)),
        product_(w, context_, arguments.packs, layer.weight, weight_data(weights, layer.weight)),
        parts_(pool_, context_.threads()),
        width_(std::min((parts_.columns - 1) * pool_.stride_w + pool_.kernel_w, w.out_width)) {
    const std::int64_t most = std::min(product_.most_pixels(), kMostPixels);
    pixels_ = std::min(most, round_up(ceil_div(width_, ceil_div(width_, most)), kMicroRows.back()));
    ScratchLayout scratch;
    product_.reserve(pixels_, scratch);
    ring_ = scratch.add<float>(pool_.kernel_h * width_ * pool_.channels);
    rows_ = scratch.add<const float*>(pool_.kernel_h);
    thread_bytes_ = scratch.bytes();
  }

  std::string algorithm() const override {
    return core::message(product_.algorithm(), ", max ", pool_.kernel_h, "x", pool_.kernel_w);
  }
  std::size_t workspace_bytes() const override {
    return thread_bytes_ * static_cast<std::size_t>(context_.threads());
  }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    context_.pool().parallel_for(parts_.count(pool_), [&](std::int64_t index, int thread) {
      run_part(inputs[0].data, index, outputs[0].data,
               workspace + static_cast<std::size_t>(thread) * thread_bytes_);
    });
  }

 private:
  /// Columns of the map between convolution and pooling.
  struct Columns {
    std::int64_t begin, end;
  };

  void run_part(const float* input, std::int64_t index, float* output, std::byte* scratch) const {
    const Window& p = pool_;
    const std::int64_t image = index / (parts_.bands * parts_.strips);
    const std::int64_t y_begin = index / parts_.strips % parts_.bands * parts_.rows;
    const std::int64_t y_end = std::min(p.out_height, y_begin + parts_.rows);
    const std::int64_t x_begin = index % parts_.strips * parts_.columns;
    const std::int64_t x_end = std::min(p.out_width, x_begin + parts_.columns);
    const Columns columns{std::max<std::int64_t>(0, x_begin * p.stride_w - p.padding_w),
                          std::min(p.width, (x_end - 1) * p.stride_w - p.padding_w + p.kernel_w)};
    auto* ring = reinterpret_cast<float*>(scratch + ring_);
    auto** rows = reinterpret_cast<const float**>(scratch + rows_);
    std::int64_t next = 0;  // the first row that is not in the ring yet
    for (std::int64_t y = y_begin; y < y_end; ++y) {
      const std::int64_t first = std::max<std::int64_t>(0, y * p.stride_h - p.padding_h);
      const std::int64_t last = std::min(p.height, y * p.stride_h - p.padding_h + p.kernel_h);
      for (std::int64_t row = first; row < last; ++row) {
        // As many places as a window has rows: a new row takes the place of one that no window needs any
        // more.
        float* place = ring + row % p.kernel_h * width_ * p.channels;
        if (row >= next) convolve(input, image * p.height + row, columns, place, scratch);
        rows[row - first] = place;
      }
      next = std::max(next, last);
      const auto at = [&](std::int64_t row, std::int64_t column) {
        return rows[row - first] + (column - columns.begin) * p.channels;
      };
      float* to = output + ((image * p.out_height + y) * p.out_width + x_begin) * p.channels;
      for (std::int64_t x = x_begin; x < x_end; ++x, to += p.channels)
        window_maximum(context_.simd().window, p, y, x, at, to);
    }
  }

  /// One row of the convolution's result, counted through the whole batch.
  void convolve(const float* input, std::int64_t row, const Columns& columns, float* to,
                std::byte* scratch) const {
    GemmOutput out;
    out.ldc = conv_.out_channels;
    out.bias = bias_;
    out.activate(epilogue_);
    for (std::int64_t x = columns.begin; x < columns.end; x += pixels_) {
      out.c = to + (x - columns.begin) * out.ldc;
      const std::int64_t begin = row * conv_.out_width + x;
      product_.run(input, begin, begin + std::min(pixels_, columns.end - x), 0, 1, out, scratch);
    }
  }

  const CpuContext& context_;
  Window conv_, pool_;
  layers::Epilogue epilogue_;
  const float* bias_;
  WindowProduct product_;
  Parts parts_;
  std::int64_t width_;   // columns between convolution and pooling that a part needs at most
  std::int64_t pixels_;  // of a product
  std::size_t ring_ = 0, rows_ = 0;
  std::size_t thread_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Prepared> prepare_pooled(const layers::Conv2d& layer, Weights weights, const Window& w,
                                         const PrepareArguments& arguments) {
  return std::make_unique<PooledConv2d>(layer, weights, w, arguments);
}

bool pays_to_pool(const layers::Conv2d& layer, const layers::MaxPool2d& pool, const Shape& weight) {
  // With more products an output the pass over memory that is saved does not show (measured: 3 % faster with
  // 576, nothing with 1600), and what two threads compute twice does.
  constexpr std::int64_t kMostProducts = 640;
  constexpr int kMostSide = 5;  // of the pooling's window
  Window w;
  w.channels = weight[1] * layer.groups, w.out_channels = weight[0];
  w.kernel_h = weight[2], w.kernel_w = weight[3];
  w.stride_h = layer.stride.h, w.stride_w = layer.stride.w;
  w.dilation_h = layer.dilation.h, w.dilation_w = layer.dilation.w;
  w.groups = layer.groups;
  return !layer.epilogue.residual && layer.upsample == layers::Pair{1, 1} &&
         pool.dilation == layers::Pair{1, 1} &&
         std::max(pool.kernel_size.h, pool.kernel_size.w) <= kMostSide && !is_depthwise(w) &&
         !suits_winograd(w) && w.taps() * w.group_channels() <= kMostProducts;
}

}  // namespace pliant::backends::cpu

#include "backends/cpu/winograd_conv2d.hpp"
#include "backends/cpu/activation.hpp"

#include <algorithm>

#include "backends/cpu/parallel.hpp"
#include "backends/cpu/tile_products.hpp"
#include "backends/cpu/winograd_weights.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// Tiles over the output pictures.
struct TileGrid {
  std::int64_t outputs = 0;  ///< a tile's side
  std::int64_t side = 0;     ///< of its inputs
  std::int64_t rows = 0, columns = 0;

  TileGrid(const Window& w, WinogradTile tile)
      : outputs(tile == WinogradTile::kFour ? 4 : 6),
        side(outputs + 2),
        rows(ceil_div(w.out_height, outputs)),
        columns(ceil_div(w.out_width, outputs)) {}
  std::int64_t count(const Window& w) const { return w.batch * rows * columns; }
  std::int64_t places() const { return side * side; }
};

class WinogradConv2d final : public Prepared {
 public:
  WinogradConv2d(const layers::Conv2d& layer, Weights weights, const Window& w, WinogradTile tile,
                 const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        window_(w),
        tile_(tile),
        grid_(w, tile),
        epilogue_(layer.epilogue),
        in_place_(residual_input(layer.epilogue, arguments)),
        bias_(weight_data(weights, layer.bias)),
        packed_(winograd_weights(w, tile, context_, arguments.packs, layer.weight,
                                 weight_data(weights, layer.weight))),
        zeros_(make_zeros(w.channels)),
        products_(context_, grid_.places(), grid_.count(w), w.channels, w.out_channels) {}

  std::string algorithm() const override {
    return core::message("winograd ", grid_.outputs, "x", grid_.outputs, " ", name_of(context_.isa()));
  }
  int in_place_input() const override { return in_place_; }
  std::size_t workspace_bytes() const override { return products_.workspace_bytes(); }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    WinogradOutput out;
    out.y = outputs[0].data;
    out.residual = epilogue_.residual ? inputs.back().data : nullptr;
    out.bias = bias_;
    out.relu = epilogue_.activation == layers::Activation::kReLU;
    products_.run(
        *packed_, workspace,
        [&](std::int64_t tile, float* planes) { transform_input(inputs[0].data, tile, planes); },
        [&](std::int64_t tile, const float* products) { transform_output(products, tile, out); });
  }

 private:
  static constexpr std::int64_t kMostSide = 8;

  /// The upper left output pixel of a tile.
  Pixel corner(std::int64_t tile) const {
    Pixel pixel(window_, 0);
    pixel.image = tile / (grid_.rows * grid_.columns);
    pixel.y = tile / grid_.columns % grid_.rows * grid_.outputs;
    pixel.x = tile % grid_.columns * grid_.outputs;
    return pixel;
  }

  void transform_input(const float* input, std::int64_t tile, float* planes) const {
    const Window& w = window_;
    const Pixel first = corner(tile);
    const float* image = input + first.image * w.height * w.width * w.channels;
    const float* pixels[kMostSide * kMostSide];
    const float** pixel = pixels;
    for (std::int64_t i = 0; i < grid_.side; ++i) {
      const std::int64_t y = first.y - w.padding_h + i;
      const bool row_inside = y >= 0 && y < w.height;
      for (std::int64_t j = 0; j < grid_.side; ++j) {
        const std::int64_t x = first.x - w.padding_w + j;
        *pixel++ =
            row_inside && x >= 0 && x < w.width ? image + (y * w.width + x) * w.channels : zeros_.floats();
      }
    }
    context_.simd().winograd.input[static_cast<std::size_t>(tile_)](pixels, w.channels, planes,
                                                                    products_.input_plane());
  }

  void transform_output(const float* products, std::int64_t tile, WinogradOutput out) const {
    const Window& w = window_;
    const Pixel first = corner(tile);
    std::int64_t places[kMostSide * kMostSide];
    std::int64_t* place = places;
    for (std::int64_t y = first.y; y < first.y + grid_.outputs; ++y)
      for (std::int64_t x = first.x; x < first.x + grid_.outputs; ++x)
        *place++ = y < w.out_height && x < w.out_width
                       ? ((first.image * w.out_height + y) * w.out_width + x) * w.out_channels
                       : -1;
    out.places = places;
    context_.simd().winograd.output[static_cast<std::size_t>(tile_)](products, products_.product_plane(),
                                                                     w.out_channels, out);
    if (!is_left_by_relu(epilogue_.activation)) return;
    for (const std::int64_t* p = places; p < place; ++p)
      if (*p >= 0) activate(context_.simd().element, epilogue_, out.y + *p, w.out_channels);
  }

  const CpuContext& context_;
  Window window_;
  WinogradTile tile_;
  TileGrid grid_;
  layers::Epilogue epilogue_;
  int in_place_;
  const float* bias_;
  std::shared_ptr<const PlaceWeights> packed_;
  core::Buffer zeros_;
  TileProducts products_;
};

/// Time in multiply-accumulates at full speed: products at what the micro-kernel reaches, and what an element
/// that is transformed costs.
double direct_cost(const Window& w) {
  return 9.0 * static_cast<double>(w.pixels() * w.channels * w.out_channels);
}

double winograd_cost(const Window& w, WinogradTile tile) {
  constexpr double kInputElement = 10;
  constexpr double kOutputElement = 10;
  // What transformed weights take more than plain ones, in memory and to be made and read: where few tiles
  // share them, as in small maps of many channels, they are not worth it.
  constexpr double kWeightElement = 100;
  const TileGrid grid(w, tile);
  const auto elements = static_cast<double>(grid.count(w) * grid.places());
  const auto weights = static_cast<double>(w.channels * w.out_channels);
  return elements * (weights + kInputElement * static_cast<double>(w.channels) +
                     kOutputElement * static_cast<double>(w.out_channels)) +
         kWeightElement * weights * static_cast<double>(grid.places() - w.taps());
}

}  // namespace

bool takes_winograd(const Window& w) {
  return w.kernel_h == 3 && w.kernel_w == 3 && w.stride_h == 1 && w.stride_w == 1 && w.dilation_h == 1 &&
         w.dilation_w == 1 && w.groups == 1;
}

bool suits_winograd(const Window& w) {
  constexpr std::int64_t kLeastChannels = 16;
  return takes_winograd(w) && w.channels >= kLeastChannels && w.out_channels >= kLeastChannels;
}

std::optional<WinogradTile> choose_winograd(const layers::Conv2d& layer, const Window& w) {
  if (!suits_winograd(w)) return std::nullopt;
  std::optional<WinogradTile> best;
  double least = direct_cost(w);
  for (const WinogradTile tile : {WinogradTile::kFour, WinogradTile::kSix}) {
    // 6x6 tiles have some four times the rounding errors of 4x4 tiles.
    if (tile == WinogradTile::kSix && layer.reaches_offsets) continue;
    const double cost = winograd_cost(w, tile);
    if (cost >= least) continue;
    least = cost;
    best = tile;
  }
  return best;
}

std::unique_ptr<Prepared> prepare_winograd(const layers::Conv2d& layer, Weights weights, const Window& w,
                                           WinogradTile tile, const PrepareArguments& arguments) {
  return std::make_unique<WinogradConv2d>(layer, weights, w, tile, arguments);
}

}  // namespace pliant::backends::cpu

#include "backends/cpu/upsampled_conv2d.hpp"
#include "backends/cpu/activation.hpp"

#include <array>

#include "backends/cpu/tile_products.hpp"
#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::backends::cpu {
namespace {

constexpr std::int64_t kPlaces = 9;

/// The kernel's weights in the products of simd/upsampled.cpp, along one axis: w0, their sum, w2.
double along(const std::array<double, 3>& w, int place) {
  return place == 0 ? w[0] : place == 1 ? w[0] + w[1] + w[2] : w[2];
}

double combined(const float* kernel, int y, int x) {
  std::array<double, 3> rows{};
  for (std::size_t i = 0; i < 3; ++i)
    rows[i] = along({double{kernel[3 * i]}, double{kernel[3 * i + 1]}, double{kernel[3 * i + 2]}}, x);
  return along(rows, y);
}

std::shared_ptr<const PlaceWeights> upsampled_weights(const Window& w, const CpuContext& context,
                                                      PackCache& packs, layers::WeightId id,
                                                      const float* weight) {
  return packs.get<PlaceWeights>({id.index, gemm_form(context) + " upsampled"}, [&] {
    auto packed = std::make_shared<PlaceWeights>(context.simd().gemm, kPlaces, w.channels, w.out_channels);
    for (int place = 0; place < kPlaces; ++place)
      fill_matrix(
          context, packed->places[static_cast<std::size_t>(place)], [&](std::int64_t k, std::int64_t n) {
            return static_cast<float>(combined(weight + (n * w.channels + k) * 9, place / 3, place % 3));
          });
    const std::size_t bytes = packed->bytes();
    return std::pair{std::shared_ptr<const PlaceWeights>(std::move(packed)), bytes};
  });
}

class UpsampledConv2d final : public Prepared {
 public:
  UpsampledConv2d(const layers::Conv2d& layer, Weights weights, const Window& w,
                  const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        window_(w),
        factor_(layer.upsample),
        epilogue_(layer.epilogue),
        in_place_(residual_input(layer.epilogue, arguments)),
        bias_(weight_data(weights, layer.bias)),
        packed_(upsampled_weights(w, context_, arguments.packs, layer.weight,
                                  weight_data(weights, layer.weight))),
        zeros_(make_zeros(w.channels)),
        products_(context_, kPlaces, w.batch * w.height * w.width, w.channels, w.out_channels) {}

  std::string algorithm() const override {
    return core::message("upsampled ", factor_.h, "x", factor_.w, " ", name_of(context_.isa()));
  }
  int in_place_input() const override { return in_place_; }
  std::size_t workspace_bytes() const override { return products_.workspace_bytes(); }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    UpsampledOutput out;
    out.y = outputs[0].data;
    out.residual = epilogue_.residual ? inputs.back().data : nullptr;
    out.bias = bias_;
    out.n = window_.out_channels;
    out.row = window_.out_width * window_.out_channels;
    out.factor_h = factor_.h;
    out.factor_w = factor_.w;
    out.relu = epilogue_.activation == layers::Activation::kReLU;
    products_.run(
        *packed_, workspace,
        [&](std::int64_t pixel, float* planes) { transform_input(inputs[0].data, pixel, planes); },
        [&](std::int64_t pixel, const float* products) { transform_output(products, pixel, out); });
  }

 private:
  void transform_input(const float* input, std::int64_t pixel, float* planes) const {
    const Window& w = window_;
    const std::int64_t x = pixel % w.width;
    const std::int64_t y = pixel / w.width % w.height;
    const float* at = input + pixel * w.channels;
    const float* pixels[kPlaces];
    const float** next = pixels;
    for (std::int64_t i = -1; i <= 1; ++i)
      for (std::int64_t j = -1; j <= 1; ++j) {
        const bool inside = y + i >= 0 && y + i < w.height && x + j >= 0 && x + j < w.width;
        *next++ = inside ? at + (i * w.width + j) * w.channels : zeros_.floats();
      }
    context_.simd().upsampled.input(pixels, w.channels, planes, products_.input_plane());
  }

  void transform_output(const float* products, std::int64_t pixel, UpsampledOutput out) const {
    const Window& w = window_;
    const std::int64_t row = pixel / w.width * factor_.h;  // images follow each other
    out.place = row * out.row + pixel % w.width * factor_.w * out.n;
    context_.simd().upsampled.output(products, products_.product_plane(), out);
    if (!is_left_by_relu(epilogue_.activation)) return;
    for (int i = 0; i < factor_.h; ++i)
      activate(context_.simd().element, epilogue_, out.y + out.place + i * out.row, factor_.w * out.n);
  }

  const CpuContext& context_;
  Window window_;
  layers::Pair factor_;
  layers::Epilogue epilogue_;
  int in_place_;
  const float* bias_;
  std::shared_ptr<const PlaceWeights> packed_;
  core::Buffer zeros_;
  TileProducts products_;
};

}  // namespace

std::unique_ptr<Prepared> prepare_upsampled(const layers::Conv2d& layer, Weights weights, const Window& w,
                                            const PrepareArguments& arguments) {
  if (!layers::takes_upsampled_input(layer, weight_shape(weights, layer.weight)))
    throw Error(ErrorCode::kInternal, "conv2d: this convolution takes no upsampled input");
  return std::make_unique<UpsampledConv2d>(layer, weights, w, arguments);
}

}  // namespace pliant::backends::cpu

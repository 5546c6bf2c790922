#include "tests/layers/reference.hpp"

#include <algorithm>
#include <cmath>

namespace pliant::tests {

Map::Map(const Tensor& tensor)
    : shape(tensor.shape()), values(tensor.values().begin(), tensor.values().end()) {}

double activate(double value, layers::Activation activation) {
  if (activation == layers::Activation::kReLU) return value < 0 ? 0 : value;
  if (activation == layers::Activation::kSigmoid) return 1 / (1 + std::exp(-value));
  if (activation == layers::Activation::kHardswish) return value * std::clamp(value + 3, 0.0, 6.0) / 6;
  if (activation == layers::Activation::kSwish) return value / (1 + std::exp(-value));
  return value;
}

void finish(Map& y, const Tensor* bias, const Tensor* residual, layers::Activation activation) {
  finish(y, bias, residual, layers::Epilogue{residual != nullptr, activation});
}

void finish(Map& y, const Tensor* bias, const Tensor* residual, const layers::Epilogue& epilogue) {
  const auto plane = static_cast<std::size_t>(y.shape[2] * y.shape[3]);
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    if (bias != nullptr) y.values[i] += bias->values()[i / plane % static_cast<std::size_t>(y.shape[1])];
    if (residual != nullptr) y.values[i] += residual->values()[i];
    y.values[i] = activate(y.values[i], epilogue.activation) * epilogue.scale + epilogue.shift;
  }
}

Map convolve(const layers::Conv2d& layer, const Tensor& x_tensor, const Tensor& weight_tensor,
             const Shape& shape) {
  const Map x(x_tensor);
  const Map w(weight_tensor);
  Map y(shape);
  const std::int64_t inputs = w.shape[1];
  const std::int64_t outputs = shape[1] / layer.groups;
  for (std::int64_t n = 0; n < shape[0]; ++n)
    for (std::int64_t o = 0; o < shape[1]; ++o)
      for (std::int64_t oy = 0; oy < shape[2]; ++oy)
        for (std::int64_t ox = 0; ox < shape[3]; ++ox)
          for (std::int64_t c = 0; c < inputs; ++c)
            for (std::int64_t i = 0; i < w.shape[2]; ++i)
              for (std::int64_t j = 0; j < w.shape[3]; ++j) {
                const std::int64_t iy = oy * layer.stride.h - layer.padding.h + i * layer.dilation.h;
                const std::int64_t ix = ox * layer.stride.w - layer.padding.w + j * layer.dilation.w;
                if (iy < 0 || ix < 0 || iy >= x.shape[2] || ix >= x.shape[3]) continue;
                y.at(n, o, oy, ox) += x.at(n, o / outputs * inputs + c, iy, ix) * w.at(o, c, i, j);
              }
  return y;
}

Map convolve_transposed(const layers::ConvTranspose2d& layer, const Tensor& x_tensor,
                        const Tensor& weight_tensor, const Shape& shape) {
  const Map x(x_tensor);
  const Map w(weight_tensor);
  Map y(shape);
  const std::int64_t inputs = x.shape[1] / layer.groups;
  // The definition: each input pixel adds its product with the kernel to the output.
  for (std::int64_t n = 0; n < shape[0]; ++n)
    for (std::int64_t c = 0; c < x.shape[1]; ++c)
      for (std::int64_t iy = 0; iy < x.shape[2]; ++iy)
        for (std::int64_t ix = 0; ix < x.shape[3]; ++ix)
          for (std::int64_t o = 0; o < w.shape[1]; ++o)
            for (std::int64_t i = 0; i < w.shape[2]; ++i)
              for (std::int64_t j = 0; j < w.shape[3]; ++j) {
                const std::int64_t oy = iy * layer.stride.h - layer.padding.h + i * layer.dilation.h;
                const std::int64_t ox = ix * layer.stride.w - layer.padding.w + j * layer.dilation.w;
                if (oy < 0 || ox < 0 || oy >= shape[2] || ox >= shape[3]) continue;
                y.at(n, c / inputs * w.shape[1] + o, oy, ox) += x.at(n, c, iy, ix) * w.at(c, o, i, j);
              }
  return y;
}

namespace {

double pixel_or_zero(const Map& x, std::int64_t n, std::int64_t c, double y, double xx) {
  if (y < 0 || xx < 0 || y >= static_cast<double>(x.shape[2]) || xx >= static_cast<double>(x.shape[3]))
    return 0;
  return x.at(n, c, static_cast<std::int64_t>(y), static_cast<std::int64_t>(xx));
}

/// Bilinear sample; a corner outside is left out, whatever its neighbours are.
double sample(const Map& x, std::int64_t n, std::int64_t c, double h, double w) {
  const auto height = static_cast<double>(x.shape[2]);
  const auto width = static_cast<double>(x.shape[3]);
  if (!(h > -1 && w > -1 && h < height && w < width)) return 0;
  const double y0 = std::floor(h);
  const double x0 = std::floor(w);
  const double ly = h - y0;
  const double lx = w - x0;
  return (1 - ly) * (1 - lx) * pixel_or_zero(x, n, c, y0, x0) +
         (1 - ly) * lx * pixel_or_zero(x, n, c, y0, x0 + 1) +
         ly * (1 - lx) * pixel_or_zero(x, n, c, y0 + 1, x0) +
         ly * lx * pixel_or_zero(x, n, c, y0 + 1, x0 + 1);
}

/// Element (channel, pixel) of an image's buffer, read as if it were packed at the output's size.
double read_map(const Tensor& map, std::int64_t n, std::int64_t channel, std::int64_t pixel,
                std::int64_t out_pixels) {
  const std::int64_t image = map.shape()[1] * map.shape()[2] * map.shape()[3];
  return map.values()[static_cast<std::size_t>(n * image + channel * out_pixels + pixel)];
}

}  // namespace

Map convolve_deformable(const layers::DeformConv2d& layer, const Tensor& x_tensor, const Tensor& offset,
                        const Tensor* mask, const Tensor& weight_tensor, const Shape& shape) {
  const Map x(x_tensor);
  const Map w(weight_tensor);
  Map y(shape);
  const std::int64_t inputs = w.shape[1];
  const std::int64_t outputs = shape[1] / layer.groups;
  const std::int64_t offset_width = x.shape[1] / layer.offset_groups;
  const std::int64_t taps = w.shape[2] * w.shape[3];
  const std::int64_t out_pixels = shape[2] * shape[3];
  for (std::int64_t n = 0; n < shape[0]; ++n)
    for (std::int64_t pixel = 0; pixel < out_pixels; ++pixel)
      for (std::int64_t c = 0; c < x.shape[1]; ++c)
        for (std::int64_t tap = 0; tap < taps; ++tap) {
          const std::int64_t i = tap / w.shape[3];
          const std::int64_t j = tap % w.shape[3];
          const std::int64_t channel = c / offset_width * taps + tap;
          // In float, as the definition's programs compute it: which side of -1 or H a point is on depends on
          // it.
          const float h =
              static_cast<float>(pixel / shape[3] * layer.stride.h - layer.padding.h + i * layer.dilation.h) +
              static_cast<float>(read_map(offset, n, 2 * channel, pixel, out_pixels));
          const float v =
              static_cast<float>(pixel % shape[3] * layer.stride.w - layer.padding.w + j * layer.dilation.w) +
              static_cast<float>(read_map(offset, n, 2 * channel + 1, pixel, out_pixels));
          const double m = mask == nullptr ? 1 : read_map(*mask, n, channel, pixel, out_pixels);
          const double value = std::isnan(h) || std::isnan(v) ? 0 : sample(x, n, c, h, v) * m;
          const std::int64_t group = c / inputs;
          for (std::int64_t o = group * outputs; o < (group + 1) * outputs; ++o)
            y.at(n, o, pixel / shape[3], pixel % shape[3]) += value * w.at(o, c % inputs, i, j);
        }
  return y;
}

}  // namespace pliant::tests

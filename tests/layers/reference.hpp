// Obviously correct layers: plain loops over NCHW tensors in double precision.
#pragma once

#include <vector>

#include "layers/layer.hpp"
#include "pliant/tensor.hpp"

namespace pliant::tests {

/// NCHW elements with their shape.
struct Map {
  Shape shape;
  std::vector<double> values;

  explicit Map(const Shape& s, double value = 0)
      : shape(s), values(static_cast<std::size_t>(s.elements()), value) {}
  explicit Map(const Tensor& tensor);

  double& at(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
    return values[static_cast<std::size_t>(((n * shape[1] + c) * shape[2] + y) * shape[3] + x)];
  }
  double at(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) const {
    return const_cast<Map*>(this)->at(n, c, y, x);
  }
};

double activate(double value, layers::Activation activation);

/// Bias, residual and activation. Null where there is none.
void finish(Map& y, const Tensor* bias, const Tensor* residual, layers::Activation activation);

void finish(Map& y, const Tensor* bias, const Tensor* residual, const layers::Epilogue& epilogue);

/// Without bias and epilogue.
Map convolve(const layers::Conv2d& layer, const Tensor& x, const Tensor& weight, const Shape& y);
Map convolve_transposed(const layers::ConvTranspose2d& layer, const Tensor& x, const Tensor& weight,
                        const Shape& y);
/// `mask` may be null.
Map convolve_deformable(const layers::DeformConv2d& layer, const Tensor& x, const Tensor& offset,
                        const Tensor* mask, const Tensor& weight, const Shape& y);

}  // namespace pliant::tests

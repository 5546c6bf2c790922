// Cases of convolutions, and their check against plain loops.
#pragma once

#include "layers/conv2d.hpp"
#include "layers/convolution.hpp"
#include "tests/layers/harness.hpp"
#include "tests/layers/random.hpp"
#include "tests/layers/reference.hpp"

namespace pliant::tests {

struct ConvolutionSizes {
  std::int64_t batch, channels, height, width, outputs;
  int kernel_h, kernel_w;
};

inline Case convolution_case(Random& random, const ConvolutionSizes& s, layers::Conv2d layer, bool bias) {
  Case c;
  layer.weight = c.add_weight(random.tensor({s.outputs, s.channels / layer.groups, s.kernel_h, s.kernel_w}));
  if (bias) layer.bias = c.add_weight(random.tensor({s.outputs}));
  c.inputs.push_back(random.tensor({s.batch, s.channels, s.height, s.width}));
  if (layer.epilogue.residual) {
    const auto weights = c.weights();
    const layers::NodeContext node("conv2d", "test", weights);
    c.inputs.push_back(
        random.tensor(layers::convolution_output(node, c.inputs[0].shape(), c.weight(layer.weight).shape(),
                                                 layer.stride, layer.padding, layer.dilation)));
  }
  c.layer = layer;
  return c;
}

/// The result in double precision (NCHW).
inline std::vector<double> convolution_reference(const Case& c) {
  const auto& layer = std::get<layers::Conv2d>(c.layer);
  const auto weights = c.weights();
  const layers::NodeContext node("conv2d", "test", weights);
  const Shape shape = layers::convolution_output(node, c.inputs[0].shape(), c.weight(layer.weight).shape(),
                                                 layer.stride, layer.padding, layer.dilation);
  Map y = convolve(layer, c.inputs[0], c.weight(layer.weight), shape);
  finish(y, layer.bias.present() ? &c.weight(layer.bias) : nullptr,
         layer.epilogue.residual ? &c.inputs[1] : nullptr, layer.epilogue);
  return y.values;
}

inline void check_convolution(const Case& c) { check_everywhere(c, convolution_reference(c)); }

inline layers::Activation any_activation(Random& random) {
  return static_cast<layers::Activation>(random.integer(0, 4));
}

/// What Conv2d can do in the end.
inline layers::Epilogue any_epilogue(Random& random) {
  layers::Epilogue epilogue{random.chance(0.4), any_activation(random)};
  if (epilogue.activation == layers::Activation::kHardswish && random.chance(0.5)) {
    epilogue.scale = 0.75f;
    epilogue.shift = -0.25f;
  }
  return epilogue;
}

}  // namespace pliant::tests

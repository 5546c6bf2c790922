#include "layers/hardsigmoid.hpp"

#include "backends/cpu/unary.hpp"

namespace pliant::backends::cpu {
namespace {

std::array<float, 2> parameters(const layers::Hardsigmoid& layer) {
  return {to_float(layer.slope), to_float(layer.offset)};
}

using PreparedHardsigmoid = PreparedUnaryWith<layers::Hardsigmoid, &ElementKernels::hardsigmoid, &parameters>;

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Hardsigmoid& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Hardsigmoid, PreparedHardsigmoid>>(layer, context);
}

}  // namespace pliant::backends::cpu

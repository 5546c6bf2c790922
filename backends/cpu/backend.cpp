#include "backends/backend.hpp"

#include "backends/cpu/context.hpp"
#include "backends/cpu/kernel.hpp"
#include "backends/cpu/pooled_conv2d.hpp"
#include "backends/registry.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

/// What the kernel of a layer can do to its result.
template <class Layer>
bool fuses_epilogue(const Layer&, const layers::Epilogue& epilogue) {
  return epilogue == layers::Epilogue{};
}
template <>
bool fuses_epilogue(const layers::Conv2d&, const layers::Epilogue& epilogue) {
  return !epilogue.scales() || epilogue.activation == layers::Activation::kHardswish;
}
template <>
bool fuses_epilogue(const layers::DeformConv2d&, const layers::Epilogue& epilogue) {
  return !epilogue.scales();
}
template <>
bool fuses_epilogue(const layers::ConvTranspose2d&, const layers::Epilogue& epilogue) {
  return !epilogue.residual && !epilogue.scales();
}
template <>
bool fuses_epilogue(const layers::Add&, const layers::Epilogue& epilogue) {
  return !epilogue.residual && !epilogue.scales();
}
template <>
bool fuses_epilogue(const layers::Mul&, const layers::Epilogue& epilogue) {
  return !epilogue.residual && !epilogue.scales();
}
template <>
bool fuses_epilogue(const layers::Sub&, const layers::Epilogue& epilogue) {
  return !epilogue.residual && !epilogue.scales();
}
template <>
bool fuses_epilogue(const layers::Div&, const layers::Epilogue& epilogue) {
  return !epilogue.residual && !epilogue.scales();
}

class CpuBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  bool supports(const layers::Layer&) const override { return true; }
  bool fuses(const layers::Layer& layer, const layers::Epilogue& epilogue) const override {
    return std::visit([&](const auto& l) { return fuses_epilogue(l, epilogue); }, layer);
  }
  bool pools(const layers::Conv2d& layer, const layers::MaxPool2d& pool, const Shape& weight) const override {
    return pays_to_pool(layer, pool, weight);
  }
  std::unique_ptr<Kernel> make_kernel(const layers::Layer& layer,
                                      const layers::NodeContext& context) const override {
    // Each alternative has its function, declared from the list: a forgotten kernel does not link.
    return std::visit([&](const auto& l) { return cpu::make_kernel(l, context); }, layer);
  }
  std::unique_ptr<Context> make_context(const ContextOptions& options) const override {
    return std::make_unique<CpuContext>(options);
  }
};

}  // namespace

const Backend& backend() {
  static const CpuBackend instance;
  return instance;
}

std::string describe_device() {
  const std::vector<Isa> isas = available_isas();
  std::string others;
  for (std::size_t i = 1; i < isas.size(); ++i)
    others += (others.empty() ? "" : ", ") + std::string(name_of(isas[i]));
  const int cpus = core::available_cpus();
#if PLIANT_OPENBLAS
  constexpr std::string_view kOpenblas = ", with OpenBLAS";
#else
  constexpr std::string_view kOpenblas;
#endif
  return core::message(name_of(isas.front()), others.empty() ? "" : " (also " + others + ")", ", ", cpus,
                       cpus == 1 ? " CPU" : " CPUs", kOpenblas);
}

}  // namespace pliant::backends::cpu

#include "tests/layers/harness.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <new>

#include "backends/registry.hpp"
#include "core/buffer.hpp"
#include "tests/support/allocations.hpp"

namespace pliant::tests {

using backends::cpu::Isa;

layers::WeightId Case::add_weight(Tensor weight) {
  weights_.push_back(std::move(weight));
  return {static_cast<int>(weights_.size()) - 1};
}

std::vector<layers::Weight> Case::weights() const {
  std::vector<layers::Weight> result;
  for (const Tensor& weight : weights_) result.push_back({"weight", weight.shape(), weight.data()});
  return result;
}

std::string Case::text() const {
  std::string text(layers::name_of(layer));
  for (const Tensor& input : inputs) text += " input " + input.shape().to_string();
  for (const Tensor& weight : weights_) text += " weight " + weight.shape().to_string();
  return text;
}

backends::Context& context_of(Isa isa, int threads) {
  static std::map<std::pair<Isa, int>, std::unique_ptr<backends::Context>> contexts;
  auto& context = contexts[{isa, threads}];
  if (!context)
    context = backends::cpu::backend().make_context({threads, std::string(backends::cpu::name_of(isa)), 0});
  return *context;
}

namespace {

constexpr int kPoison = 0xff;  // as floats: NaN

/// Not core::Buffer, which rounds its size up: a sanitizer shall see the first byte too many.
struct ArenaBuffer {
  struct Free {
    void operator()(float* p) const { ::operator delete (p, std::align_val_t{core::kAlignment}); }
  };
  explicit ArenaBuffer(const Shape& s) : shape(s) {
    const std::size_t bytes = static_cast<std::size_t>(s.elements()) * sizeof(float);
    data.reset(static_cast<float*>(::operator new (bytes, std::align_val_t{core::kAlignment})));
    std::memset(data.get(), kPoison, bytes);
  }
  TensorView view() const { return {data.get(), shape, layout()}; }
  Layout layout() const { return shape.rank() == 4 ? Layout::kNHWC : Layout::kNCHW; }
  std::unique_ptr<float[], Free> data;
  Shape shape;
};

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.elements()) * sizeof(float)) == 0;
}

}  // namespace

Tensor run_once(const Case& c, backends::Context& context, backends::PackCache& packs, bool in_place) {
  const std::vector<layers::Weight> weights = c.weights();
  const layers::NodeContext node(layers::name_of(c.layer), "test", weights);
  std::vector<int> ranks;
  std::vector<Shape> shapes;
  for (const Tensor& input : c.inputs) {
    ranks.push_back(input.shape().rank());
    shapes.push_back(input.shape());
  }
  layers::validate(c.layer, node, ranks);
  const std::vector<Shape> outputs = layers::infer_shapes(c.layer, node, shapes);
  const auto kernel = backends::cpu::backend().make_kernel(c.layer, node);
  const auto prepared = kernel->prepare({shapes, outputs, context, packs});

  std::vector<ArenaBuffer> arena;
  std::vector<ConstTensorView> input_views;
  for (const Tensor& input : c.inputs) {
    arena.emplace_back(input.shape());
    context.upload(input.view(), arena.back().view());
    input_views.emplace_back(arena.back().view());
  }
  const ArenaBuffer own_output(outputs[0]);
  const int shared = prepared->in_place_input();
  if (in_place) REQUIRE(shared >= 0);
  TensorView output = own_output.view();
  if (in_place) output.data = arena[static_cast<std::size_t>(shared)].data.get();  // its shape may differ
  core::Buffer workspace(prepared->workspace_bytes());
  if (workspace.bytes() > 0) std::memset(workspace.data(), kPoison, workspace.bytes());
  const long allocations = test::allocations();
  prepared->run(input_views, std::span(&output, 1), workspace.data());
  const long allocated = test::allocations() - allocations;
  // OpenBLAS, which is there for experiments, has buffers of its own.
  if (!prepared->algorithm().starts_with("openblas")) REQUIRE(allocated == 0);

  Tensor result(outputs[0]);
  context.download(output, result.view());
  return result;
}

namespace {

bool works_in_place(const Case& c) {
  const std::vector<layers::Weight> weights = c.weights();
  const layers::NodeContext node(layers::name_of(c.layer), "test", weights);
  std::vector<Shape> shapes;
  for (const Tensor& input : c.inputs) shapes.push_back(input.shape());
  const std::vector<Shape> outputs = layers::infer_shapes(c.layer, node, shapes);
  backends::PackCache packs;
  const auto kernel = backends::cpu::backend().make_kernel(c.layer, node);
  return kernel->prepare({shapes, outputs, context_of(backends::cpu::available_isas()[0], 1), packs})
             ->in_place_input() >= 0;
}

}  // namespace

std::vector<IsaResult> run_everywhere(const Case& c) {
  INFO(c.text());
  std::vector<IsaResult> results;
  for (const Isa isa : backends::cpu::available_isas()) {
    INFO(std::string(backends::cpu::name_of(isa)));
    backends::PackCache packs;
    Tensor first = run_once(c, context_of(isa, 1), packs);
    CHECK(same_bits(run_once(c, context_of(isa, 1), packs), first));
    for (const int threads : {2, 4}) CHECK(same_bits(run_once(c, context_of(isa, threads), packs), first));
    if (works_in_place(c)) CHECK(same_bits(run_once(c, context_of(isa, 2), packs, true), first));
    results.push_back({isa, std::move(first)});
  }
  return results;
}

void check_closely(const Case& c, const std::vector<double>& reference, double absolute, double relative) {
  for (const IsaResult& result : run_everywhere(c)) {
    INFO(c.text() << " " << std::string(backends::cpu::name_of(result.isa)));
    REQUIRE(result.output.elements() == static_cast<std::int64_t>(reference.size()));
    std::size_t wrong = 0;
    std::size_t where = 0;
    for (std::size_t i = 0; i < reference.size(); ++i) {
      const double actual = result.output.values()[i];
      const double expected = reference[i];
      const bool good = std::isnan(expected) ? std::isnan(actual)
                        : std::isinf(expected)
                            ? actual == expected
                            : std::abs(actual - expected) <= absolute + relative * std::abs(expected);
      if (!good && wrong++ == 0) where = i;
    }
    if (wrong == 0) continue;
    INFO("element " << where << ": " << result.output.values()[where] << ", expected " << reference[where]);
    CHECK(wrong == 0);
  }
}

void check_everywhere(const Case& c, const std::vector<double>& reference) {
  double largest = 0;
  for (const double value : reference)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  check_closely(c, reference, 1e-5 + 1e-4 * largest, 0);
}

}  // namespace pliant::tests

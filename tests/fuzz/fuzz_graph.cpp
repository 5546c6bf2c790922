// Random networks: on every instruction set, with the graph rewrites, against the plainest code without them.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

#include "backends/cpu/dispatch.hpp"
#include "tests/fuzz/random_graph.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/try_model.hpp"

namespace pliant::fuzz {
namespace {

using test::promise;

struct Outputs {
  std::vector<Tensor> tensors;
  std::string refusal;  // empty: computed
};

Outputs run(const Model& model, const Tensor& input, std::string_view target, bool rewrites, int threads) {
  ::setenv("PLIANT_REWRITES", rewrites ? "on" : "off", 1);
  Session session(model, {.device = Device::cpu(), .threads = threads, .target = std::string(target)});
  try {
    const ConstTensorView inputs[] = {input.view()};
    std::vector<Tensor> first = session.run(inputs);
    const std::vector<Tensor> second = session.run(inputs);
    for (std::size_t i = 0; i < first.size(); ++i)
      promise(
          first[i].shape() == second[i].shape() &&
              (first[i].values().empty() || std::memcmp(first[i].values().data(), second[i].values().data(),
                                                        first[i].values().size_bytes()) == 0),
          "a second run gives other bits");
    return {std::move(first), ""};
  } catch (const Error& error) {
    test::check_error(error);
    return {{}, error.what()};
  }
}

void compare(const Tensor& a, const Tensor& b, std::string_view target) {
  promise(a.shape() == b.shape(), "shapes ", a.shape().to_string(), " and ", b.shape().to_string());
  float greatest = 1;
  for (const float v : b.values()) greatest = std::isfinite(v) ? std::max(greatest, std::fabs(v)) : HUGE_VALF;
  if (greatest > 1e4F) return;  // squares of squares: what is left of the digits says nothing
  for (std::size_t i = 0; i < b.values().size(); ++i)
    promise(std::fabs(a.values()[i] - b.values()[i]) <= 1e-3F * greatest, target, " gives ", a.values()[i],
            " for element ", i, ", plain code ", b.values()[i]);
}

}  // namespace

void run_one(std::span<const std::byte> input) {
  if (input.empty()) return;
  const auto isas = backends::cpu::available_isas();
  const std::string_view target =
      backends::cpu::name_of(isas[std::to_integer<std::size_t>(input[0]) % isas.size()]);
  RandomGraph graph(input.subspan(1));
  const auto file = graph.finish();
  std::optional<Model> model;
  try {
    model = Model::from_memory(file);
    const Shape shapes[] = {graph.input().shape()};
    if (!test::is_small(*model, shapes, 1 << 20)) return;  // more networks rather than larger ones
  } catch (const Error& error) {
    test::check_error(error);
    return;
  }
  // The last set is the plainest: scalar code, or NEON where that is the least there is.
  const Outputs plain = run(*model, graph.input(), backends::cpu::name_of(isas.back()), false, 1);
  const Outputs fast = run(*model, graph.input(), target, true, 1 + (std::to_integer<int>(input[0]) >> 7));
  // A region of no image is refused as it is computed; where nothing reads it, only the plain code computes
  // it.
  if (fast.refusal.empty() && plain.refusal.find("names image") != std::string::npos) return;
  promise(plain.refusal.empty() == fast.refusal.empty(),
          "only one way to compute refused the input: ", plain.refusal, fast.refusal);
  for (std::size_t i = 0; graph.calm() && i < plain.tensors.size(); ++i)
    compare(fast.tensors[i], plain.tensors[i], target);
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> result;
  std::mt19937 random(7);
  for (int i = 0; i < 40; ++i) {
    Bytes& bytes = result.emplace_back(160);
    for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  }
  return result;
}

}  // namespace pliant::fuzz

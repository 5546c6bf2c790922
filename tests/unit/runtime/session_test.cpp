#include <doctest/doctest.h>

#include <cstdio>
#include <cstring>
#include <random>
#include <thread>

#include "pliant/pliant.hpp"
#include "tests/support/small_network.hpp"

using namespace pliant;

namespace {

Tensor random_image(const Shape& shape, unsigned seed = 5) {
  Tensor image(shape);
  const auto values = test::RandomFloats(seed)(image.values().size(), -1, 1);
  std::copy(values.begin(), values.end(), image.values().begin());
  return image;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.values().size_bytes()) == 0;
}

std::size_t resident_kib() {
  std::size_t kib = 0;
  if (std::FILE* f = std::fopen("/proc/self/status", "r")) {
    char line[256];
    while (std::fgets(line, sizeof line, f) != nullptr)
      if (std::sscanf(line, "VmRSS: %zu", &kib) == 1) break;
    std::fclose(f);
  }
  return kib;
}

const SessionOptions kOneThread{.device = Device::cpu(), .threads = 1};

}  // namespace

TEST_CASE("session: names, indices, layouts give the same result") {
  const Model model = Model::from_memory(test::small_network());
  Session session(model, {.device = Device::cpu(), .threads = 2});
  CHECK(session.threads() == 2);
  const Tensor image = random_image({2, 3, 16, 24});
  session.set_input("image", image);
  session.run();
  const Tensor first = session.output("probability");
  CHECK(first.shape() == Shape{2, 1, 16, 24});
  CHECK(session.output(1).shape() == Shape{2, 8, 4, 6});
  const Tensor nhwc = image.to(Layout::kNHWC);
  session.set_input(0, nhwc);
  session.run();
  CHECK(same_bits(first, session.output(0)));
  const Tensor features = session.output(1, Layout::kNHWC);
  const ConstTensorView lent = session.output_view(1);
  CHECK(lent.layout == Layout::kNHWC);
  CHECK(std::memcmp(features.data(), lent.data, features.values().size_bytes()) == 0);
  CHECK(same_bits(features.to(Layout::kNCHW), session.output(1)));
}

TEST_CASE("session: threads and repetitions do not change a bit") {
  const Model model = Model::from_memory(test::small_network());
  const Tensor image = random_image({1, 3, 64, 52});
  const ConstTensorView views[] = {image};
  Session reference(model, kOneThread);
  const auto expected = reference.run(views);
  for (const int threads : {1, 2, 4}) {
    Session session(model, {.device = Device::cpu(), .threads = threads});
    for (int i = 0; i < 3; ++i) {
      const auto actual = session.run(views);
      CHECK(same_bits(actual[0], expected[0]));
      CHECK(same_bits(actual[1], expected[1]));
    }
  }
}

TEST_CASE("session: a batch is its pictures") {
  const Model model = Model::from_memory(test::small_network());
  Session session(model, kOneThread);
  const Tensor batch = random_image({3, 3, 20, 12});
  const ConstTensorView views[] = {batch};
  const auto together = session.run(views);
  const std::size_t one = 3 * 20 * 12;
  for (std::size_t n = 0; n < 3; ++n) {
    const ConstTensorView single[] = {{batch.data() + n * one, Shape{1, 3, 20, 12}}};
    const auto alone = session.run(single);
    for (std::size_t o = 0; o < 2; ++o) {
      const float* part = together[o].data() + n * alone[o].values().size();
      for (std::size_t i = 0; i < alone[o].values().size(); ++i)
        REQUIRE(alone[o].values()[i] == doctest::Approx(part[i]).epsilon(1e-5));
    }
  }
}

TEST_CASE("session: bad calls get one clear error and leave it usable") {
  const Model model = Model::from_memory(test::small_network());
  Session session(model, kOneThread);
  CHECK_THROWS_WITH_AS(session.run(), doctest::Contains("'image' is not set"), Error);
  CHECK_THROWS_WITH_AS(session.output(0), doctest::Contains("call run first"), Error);
  CHECK_THROWS_WITH_AS(session.output(2), doctest::Contains("has no output 2"), Error);
  CHECK_THROWS_WITH_AS(session.output("x"), doctest::Contains("it has 'probability', 'features'"), Error);
  const Tensor image = random_image({1, 3, 16, 16});
  CHECK_THROWS_WITH_AS(session.set_input("x", image), doctest::Contains("has no input 'x'"), Error);
  CHECK_THROWS_WITH_AS(session.set_input(0, {image.data(), Shape{1, 3, 16, 15}}),
                       doctest::Contains("not a multiple of 4"), Error);
  CHECK_THROWS_WITH_AS(session.set_input(0, {image.data(), Shape{1, 4, 16, 16}}),
                       doctest::Contains("dimension 1 is 4 instead of 3"), Error);
  CHECK_THROWS_WITH_AS(session.set_input(0, {image.data(), Shape{3, 16, 16}}), doctest::Contains("rank 3"),
                       Error);
  CHECK_THROWS_WITH_AS(session.set_input(0, {image.data(), Shape{1, 3, 0, 16}}), doctest::Contains("empty"),
                       Error);
  CHECK_THROWS_WITH_AS(session.set_input(0, {nullptr, Shape{1, 3, 16, 16}}), doctest::Contains("null"),
                       Error);
  session.set_input(0, image);
  session.run();
  CHECK(session.output(0).shape() == Shape{1, 1, 16, 16});
}

TEST_CASE("session: bad options") {
  const Model model = Model::from_memory(test::small_network());
  CHECK_THROWS_WITH_AS(Session(model, {.threads = -1}), doctest::Contains("threads is -1"), Error);
  CHECK_THROWS_WITH_AS(Session(model, {.threads = 5000}), doctest::Contains("threads is 5000"), Error);
  CHECK_THROWS_WITH_AS(Session(model, {.device = Device::cpu(), .target = "mmx"}), doctest::Contains("mmx"),
                       Error);
  CHECK_THROWS_WITH_AS(Session(model, {.cached_plans = 0}), doctest::Contains("cached_plans"), Error);
}

TEST_CASE("session: an input too large for the machine is refused before memory is touched") {
  const Model model = Model::from_memory(test::small_network());
  Session session(model, kOneThread);
  const float one = 1;
  session.set_input(0, {&one, Shape{1, 3, 1 << 20, 1 << 16}});
  try {
    session.run();
    FAIL("expected an error");
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::kOutOfMemory);
  }
  const Tensor image = random_image({1, 3, 16, 16});
  session.set_input(0, image);
  CHECK_NOTHROW(session.run());
}

TEST_CASE("session: a hundred shapes leave memory flat") {
  const Model model = Model::from_memory(test::small_network());
  Session session(model, {.device = Device::cpu(), .threads = 2});
  std::mt19937 random(11);
  std::size_t after_warm_up = 0;
  for (int i = 0; i < 130; ++i) {
    const Tensor image = random_image(
        {1, 3, 4 + 4 * static_cast<int>(random() % 60), 4 + 4 * static_cast<int>(random() % 60)});
    session.set_input(0, image);
    session.run();
    if (i == 30) after_warm_up = resident_kib();
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(resident_kib() <= after_warm_up + 2048);
#else
  CHECK(after_warm_up > 0);  // sanitizers keep freed memory for a while
#endif
}

TEST_CASE("session: trim gives memory back and the session runs on") {
  const Model model = Model::from_memory(test::small_network());
  Session session(model, kOneThread);
  const Tensor image = random_image({1, 3, 32, 32});
  session.set_input(0, image);
  session.run();
  const Tensor before = session.output(0);
  CHECK(session.arena_bytes() > 0);
  session.trim();
  CHECK(session.arena_bytes() == 0);
  CHECK_THROWS_AS(session.output(0), Error);
  session.run();
  CHECK(same_bits(before, session.output(0)));
}

TEST_CASE("session: cancel from another thread") {
  const Model model = Model::from_memory(test::small_network());
  Session session(model, kOneThread);
  const Tensor image = random_image({1, 3, 512, 512});
  session.set_input(0, image);
  session.cancel();
  CHECK_NOTHROW(session.run());  // nothing was running: no effect
  bool cancelled = false;
  for (int attempt = 0; attempt < 50 && !cancelled; ++attempt) {
    std::thread other([&session] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      session.cancel();
    });
    try {
      session.run();
    } catch (const Error& e) {
      CHECK(e.code() == ErrorCode::kCancelled);
      cancelled = true;
    }
    other.join();
  }
  CHECK(cancelled);
  CHECK_NOTHROW(session.run());
}

TEST_CASE("session: several threads share one model") {
  const Model model = Model::from_memory(test::small_network());
  const Tensor image = random_image({1, 3, 40, 40});
  const ConstTensorView views[] = {image};
  const Tensor expected = std::move(Session(model, kOneThread).run(views)[0]);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      Session session(model, {.device = Device::cpu(), .threads = 2});
      for (int i = 0; i < 5; ++i)
        if (!same_bits(session.run(views)[0], expected)) ++wrong;
    });
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("session: profile and description") {
  const Model model = Model::from_memory(test::small_network());
  Session session(model, {.device = Device::cpu(), .threads = 1, .profile = true});
  const Shape shape{1, 3, 32, 32};
  const PlanSummary plan = session.describe(std::vector<Shape>{shape});
  CHECK(plan.macs > 100000);
  CHECK(plan.arena_bytes > 0);
  REQUIRE(plan.outputs.size() == 2);
  CHECK(plan.outputs[0] == Shape{1, 1, 32, 32});
  const Tensor image = random_image(shape);
  session.set_input(0, image);
  session.run();
  session.run();
  const auto times = session.profile();
  REQUIRE(times.size() == plan.layers.size());
  for (const LayerTime& t : times) CHECK(t.runs == 2);
  session.reset_profile();
  session.run();
  CHECK(session.profile()[0].runs == 1);
}

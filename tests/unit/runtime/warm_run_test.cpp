// What a warm run must not do: allocate, fault pages in, call the system (but to wake threads), keep
// processors busy afterwards. Counted, not read from the sources.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>

#include "pliant/pliant.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/detector_network.hpp"
#include "tests/support/system_calls.hpp"

using namespace pliant;

namespace {

const Shape kShapes[] = {{1, 3, 96, 160}, {2, 3, 64, 64}, {1, 3, 128, 96}};
constexpr int kRuns = 5;

/// A session and inputs of several sizes in both layouts; all of them were run.
class Warm {
 public:
  explicit Warm(int threads)
      : session_(Model::from_memory(test::DetectorNetwork().finish()),
                 {.device = Device::cpu(), .threads = threads}) {
    test::RandomFloats random(7);
    for (const Shape& shape : kShapes) {
      Tensor image(shape);
      const auto values = random(image.values().size(), -1, 1);
      std::copy(values.begin(), values.end(), image.values().begin());
      images_.push_back(image.to(Layout::kNHWC));
      images_.push_back(std::move(image));
    }
    // The first time plans and packs, which gives the model file's pages back; the second time reads what is
    // left of them.
    for (int i = 0; i < 3; ++i) run();
  }

  /// Once each picture. Gives a number of the results, so that nobody can leave them out.
  float run() {
    float sum = 0;
    for (const Tensor& image : images_) {
      session_.set_input(0, image);
      session_.run();
      sum += session_.output_view(0).data[0];
    }
    return sum;
  }

  const Tensor& image() const { return images_.front(); }
  Session& session() { return session_; }

 private:
  Session session_;
  std::vector<Tensor> images_;
};

long page_faults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

double processor_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

std::ptrdiff_t tasks() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                       std::filesystem::directory_iterator());
}

}  // namespace

TEST_CASE("warm run: the network has what is to be counted") {
  Session session(Model::from_memory(test::DetectorNetwork().finish()),
                  {.device = Device::cpu(), .threads = 1});
  std::string algorithms;
  for (const LayerSummary& layer : session.describe({kShapes, 1}).layers)
    algorithms += layer.algorithm + "\n";
  for (const char* wanted : {"winograd", "deformable", "upsampled", "two gemms"}) {
    INFO(algorithms);
    CHECK(algorithms.find(wanted) != std::string::npos);
  }
}

TEST_CASE("warm run: no allocation") {
  if (!test::allocations_are_counted()) {
    MESSAGE("skipped: allocations cannot be counted in this build");
    return;
  }
  for (const int threads : {1, 2}) {
    Warm warm(threads);
    const long before = test::allocations();
    for (int i = 0; i < kRuns; ++i) warm.run();
    CHECK(test::allocations() == before);
    const Tensor copy = warm.image().clone();
    CHECK(test::allocations() > before);  // it does count
  }
}

TEST_CASE("warm run: no page fault") {
  for (const int threads : {1, 2}) {
    Warm warm(threads);
    // The system may move pages at any time (to make huge ones of small ones), so not every batch needs to be
    // free of faults; a run that causes them has none that is.
    long fewest = 1'000'000;
    for (int batch = 0; batch < 5 && fewest > 0; ++batch) {
      const long before = page_faults();
      for (int i = 0; i < kRuns; ++i) warm.run();
      fewest = std::min(fewest, page_faults() - before);
    }
    CHECK(fewest == 0);
  }
}

TEST_CASE("warm run: no system call on one thread, none but wake-ups on two") {
  if (!test::SystemCalls::can_be_counted()) {
    MESSAGE("skipped: system calls cannot be counted in this build or on this system");
    return;
  }
  const auto counted = [](int threads, const std::vector<int>& allowed) {
    std::unique_ptr<Warm> warm;
    return test::SystemCalls::in_child([&] { warm = std::make_unique<Warm>(threads); },
                                       [&] {
                                         for (int i = 0; i < kRuns; ++i) warm->run();
                                       },
                                       allowed);
  };
  const auto one = counted(1, {});
  INFO("one thread: ", one.numbers);
  CHECK(one.ended_well);
  CHECK(one.count == 0);
  const auto two = counted(2, {SYS_futex});
  INFO("two threads: ", two.numbers);
  CHECK(two.ended_well);
  CHECK(two.count == 0);
  const auto calling = test::SystemCalls::in_child([] {}, [] { ::getppid(); }, {});
  CHECK(calling.count == 1);  // it does count
}

TEST_CASE("threads: as many as asked for, and no more") {
  const std::ptrdiff_t before = tasks();
  for (const int threads : {1, 2, 3}) {
    Warm warm(threads);
    CHECK(warm.session().threads() == threads);
    CHECK(tasks() == before + threads - 1);
  }
  CHECK(tasks() == before);
}

TEST_CASE("threads: a session at rest costs no processor time") {
  for (const int threads : {1, 2, 4}) {
    Warm warm(threads);
    double least = 1e9;  // the system's own work may fall into one of the pauses
    for (int attempt = 0; attempt < 3; ++attempt) {
      warm.run();
      // By now all sleep, and only then does the system count what they used in the run.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const double before = processor_ms();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      least = std::min(least, processor_ms() - before);
    }
    CHECK(least < 1.0);  // a thread that waited actively would take 50
  }
}

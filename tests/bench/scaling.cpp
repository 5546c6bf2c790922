// ./dev bench-scaling: how a model's speed follows the number of threads, of sessions, and the input's size.
//
// Everything is measured in turns, in one process: sessions that are not at work sleep. Ratios hold on a
// machine whose speed changes from minute to minute; the FMA peak of the same minute stands beside the times.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "pliant/model.hpp"
#include "pliant/session.hpp"
#include "tools/fma_peak.hpp"

namespace {

using pliant::Shape;
using Clock = std::chrono::steady_clock;

struct Arguments {
  std::string model;
  int threads = 2;
  int side = 640;
  int rounds = 15;
  std::vector<int> sides{320, 480, 640, 960, 1280, 1600, 2048};
};

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double processor_ms() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// A session with its picture, ready to run.
class Runner {
 public:
  Runner(const pliant::Model& model, int threads, int side)
      : session_(model, {.device = pliant::Device::cpu(), .threads = threads}),
        picture_(Shape{1, 3, side, side}, pliant::Layout::kNHWC) {
    std::mt19937 engine(1);
    for (float& value : picture_.values()) value = static_cast<float>(engine() >> 8) * 0x1p-23F - 1;
    session_.set_input(0, picture_);
    for (int i = 0; i < 3; ++i) run();  // plans, packs, touches all memory
  }
  /// Milliseconds.
  double run() {
    const auto start = Clock::now();
    session_.run();
    return milliseconds_since(start);
  }
  double macs() { return static_cast<double>(session_.describe({&picture_.shape(), 1}).macs); }

 private:
  pliant::Session session_;
  pliant::Tensor picture_;
};

void thread_scaling(const pliant::Model& model, const Arguments& a) {
  struct Count {
    int threads;
    std::unique_ptr<Runner> runner;
    std::vector<double> ms, cpu, speed_up, peak;
  };
  std::vector<Count> counts;
  for (int t = 1; t <= a.threads; t = t < a.threads ? std::min(2 * t, a.threads) : t + 1)
    counts.push_back({t, std::make_unique<Runner>(model, t, a.side), {}, {}, {}, {}});
  for (int round = 0; round < a.rounds; ++round)
    for (Count& count : counts) {
      count.peak.push_back(pliant::tools::fma_peak_gflops(count.threads));
      const double used = processor_ms();
      count.ms.push_back(count.runner->run());
      count.cpu.push_back(processor_ms() - used);
      count.speed_up.push_back(counts.front().ms.back() / count.ms.back());
    }
  std::printf("threads, at %dx%d\n", a.side, a.side);
  std::printf("  threads        ms  speed-up    CPU ms  FMA peak, GFLOP/s  of peak\n");
  const double macs = counts.front().runner->macs();
  for (const Count& count : counts) {
    const double ms = median(count.ms), peak = median(count.peak);
    std::printf("  %7d  %8.2f  %8.2f  %8.2f  %17.1f  %5.1f %%\n", count.threads, ms, median(count.speed_up),
                median(count.cpu), peak, 100 * 2e-6 * macs / ms / peak);
  }
}

void throughput(const pliant::Model& model, const Arguments& a) {
  if (a.threads == 1) return;
  const auto n = static_cast<std::size_t>(a.threads);
  Runner together(model, a.threads, a.side);
  std::vector<std::unique_ptr<Runner>> alone;
  for (std::size_t i = 0; i < n; ++i) alone.push_back(std::make_unique<Runner>(model, 1, a.side));
  constexpr int kPictures = 2;  // a thread and round
  const double pictures = static_cast<double>(kPictures) * a.threads;
  std::vector<double> many, one, ratio;
  for (int round = 0; round < a.rounds; ++round) {
    auto start = Clock::now();
    std::vector<std::thread> callers;
    for (const auto& runner : alone)
      callers.emplace_back([&runner] {
        for (int i = 0; i < kPictures; ++i) runner->run();
      });
    for (std::thread& caller : callers) caller.join();
    many.push_back(1e3 * pictures / milliseconds_since(start));
    start = Clock::now();
    for (int i = 0; i < kPictures * a.threads; ++i) together.run();
    one.push_back(1e3 * pictures / milliseconds_since(start));
    ratio.push_back(many.back() / one.back());
  }
  std::printf("\nsessions x threads, at %dx%d\n  pictures a second: %d x 1: %.2f, 1 x %d: %.2f, ratio %.3f\n",
              a.side, a.side, a.threads, median(many), a.threads, median(one), median(ratio));
}

void flatness(const pliant::Model& model, const Arguments& a) {
  struct Side {
    int side;
    std::unique_ptr<Runner> runner;
    std::vector<double> ms, share;
  };
  std::vector<Side> sides;
  for (const int side : a.sides)
    sides.push_back({side, std::make_unique<Runner>(model, a.threads, side), {}, {}});
  for (int round = 0; round < std::max(3, a.rounds / 3); ++round)
    for (Side& side : sides) {
      const double peak = pliant::tools::fma_peak_gflops(a.threads);
      side.ms.push_back(side.runner->run());
      side.share.push_back(2e-6 * side.runner->macs() / side.ms.back() / peak);
    }
  std::printf("\nsizes, %d thread%s\n     side        ms  ns a pixel  of peak\n", a.threads,
              a.threads == 1 ? "" : "s");
  double least = 1e9, most = 0;
  for (const Side& side : sides) {
    const double share = median(side.share), ms = median(side.ms);
    least = std::min(least, share), most = std::max(most, share);
    std::printf("  %7d  %8.2f  %10.2f  %5.1f %%\n", side.side, ms, 1e6 * ms / side.side / side.side,
                100 * share);
  }
  std::printf("  the best size is %.1f %% above the worst\n", 100 * (most / least - 1));
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  CLI::App app("How a model's speed follows threads, sessions and the input's size.", "./dev bench-scaling");
  app.add_option("MODEL", a.model, "Model file with one picture as its input")->required();
  app.add_option("--threads", a.threads, "Most threads (default: 2)")->check(CLI::Range(1, 256));
  app.add_option("--side", a.side, "Side of the picture for threads and sessions (default: 640)")
      ->check(CLI::Range(32, 8192));
  app.add_option("--sides", a.sides, "Sides to compare (default: 320,480,640,960,1280,1600,2048)")
      ->delimiter(',')
      ->check(CLI::Range(32, 8192));
  app.add_option("--rounds", a.rounds, "Runs of each that count (default: 15; of sizes a third)")
      ->check(CLI::Range(1, 10'000));
  CLI11_PARSE(app, argc, argv);
  try {
    const pliant::Model model = pliant::Model::load(a.model);
    thread_scaling(model, a);
    throughput(model, a);
    flatness(model, a);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench_scaling: " << error.what() << '\n';
    return 1;
  }
}

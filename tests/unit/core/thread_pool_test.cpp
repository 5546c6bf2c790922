#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <vector>

#include "core/thread_pool.hpp"

using pliant::core::ThreadPool;

TEST_CASE("thread pool: every index once, threads in range") {
  for (const int threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    CHECK(pool.threads() == threads);
    for (int round = 0; round < 200; ++round) {
      const int count = round % 17;
      std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
      pool.parallel_for(count, [&](std::int64_t i, int thread) {
        if (thread < 0 || thread >= threads) throw std::logic_error("thread out of range");
        ++seen[static_cast<std::size_t>(i)];
      });
      for (const auto& n : seen) REQUIRE(n == 1);
    }
  }
}

TEST_CASE("thread pool: an exception reaches the caller and the pool lives on") {
  ThreadPool pool(3);
  CHECK_THROWS_AS(pool.parallel_for(100,
                                    [](std::int64_t i, int) {
                                      if (i == 37) throw std::runtime_error("x");
                                    }),
                  std::runtime_error);
  std::atomic<int> sum{0};
  pool.parallel_for(10, [&](std::int64_t i, int) { sum += static_cast<int>(i); });
  CHECK(sum == 45);
}

TEST_CASE("thread pool: an idle pool costs no processor time") {
  ThreadPool pool(4);
  pool.parallel_for(8, [](std::int64_t, int) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  CHECK(seconds < 0.05);  // three spinning workers would have used 0.6 (or 0.4 on two processors)
}

TEST_CASE("thread pool: patience ends with the run, and an uneven loop puts the caller to sleep") {
  ThreadPool pool(3);
  std::atomic<int> sum{0};
  for (int run = 0; run < 20; ++run) {
    pool.begin_run();
    for (int loop = 0; loop < 50; ++loop) {
      const bool uneven = loop == 25;  // longer than anybody waits actively
      pool.parallel_for(7, [&](std::int64_t i, int thread) {
        if (uneven && thread != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        sum += static_cast<int>(i);
      });
    }
    pool.end_run();
  }
  CHECK(sum == 20 * 50 * 21);
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC < 0.02);  // two at work would use 0.2
}

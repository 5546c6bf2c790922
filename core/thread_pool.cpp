#include "core/thread_pool.hpp"

#include <sched.h>

#include <chrono>
#include <system_error>

#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::core {
namespace {

using Clock = std::chrono::steady_clock;

// Long enough to bridge the gap between two layers, short enough that an idle session costs nothing.
constexpr auto kActiveWait = std::chrono::microseconds(20);
// In a run, where the others are about to be done: what it takes to wake a thread whose virtual processor was
// halted.
constexpr auto kActiveWaitInRun = std::chrono::microseconds(150);
// Short waits after a long one that was in vain: somebody else has the processor that this thread waits for.
constexpr int kShortWaits = 32;

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

int available_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    const int n = CPU_COUNT(&set);
    if (n > 0) return n;
  }
  const unsigned n = std::thread::hardware_concurrency();
  return n > 0 ? static_cast<int>(n) : 1;
}

template <class Ready>
bool ThreadPool::wait_actively(const Ready& ready, int& short_waits) const {
  const bool patient = short_waits == 0;
  if (!patient) --short_waits;
  const auto start = Clock::now();
  for (;;) {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      pause_cpu();
    }
    const auto waited = Clock::now() - start;
    if (waited < kActiveWait) continue;
    if (!patient || !in_run_.load(std::memory_order_relaxed)) return ready();
    if (waited < kActiveWaitInRun) continue;
    short_waits = kShortWaits;
    return ready();
  }
}

ThreadPool::ThreadPool(int threads) {
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
  } catch (const std::system_error& e) {
    const std::size_t started = workers_.size();
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    throw Error(ErrorCode::kOutOfMemory,
                message("cannot start ", threads, " threads, only ", started + 1, ": ", e.what()));
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(std::int64_t count, Call call, const void* task) {
  count_ = count;
  call_ = call;
  task_ = task;
  error_ = nullptr;
  next_.store(0, std::memory_order_relaxed);
  busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  {
    // Under the mutex, so that a worker between its check and its sleep does not miss the signal.
    const std::lock_guard lock(mutex_);
    loop_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  take_indices(0);
  wait_for_workers();
  if (error_) std::rethrow_exception(error_);
}

void ThreadPool::wait_for_workers() {
  // The others are in their last index, but one of them may have lost its CPU: be active first, then sleep.
  const auto done = [this] { return busy_.load() == 0; };
  if (wait_actively(done, short_waits_)) return;
  std::unique_lock lock(mutex_);
  caller_sleeps_.store(true);
  done_.wait(lock, done);
  caller_sleeps_.store(false);
}

void ThreadPool::take_indices(int thread) {
  for (;;) {
    const std::int64_t i = next_.fetch_add(1, std::memory_order_relaxed);
    if (i >= count_) return;
    try {
      call_(task_, i, thread);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      next_.store(count_, std::memory_order_relaxed);
    }
  }
}

bool ThreadPool::wait_for_loop(std::uint32_t seen, int& short_waits) {
  const auto ready = [this, seen] {
    return loop_.load(std::memory_order_acquire) != seen || stop_.load(std::memory_order_relaxed);
  };
  if (!wait_actively(ready, short_waits)) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, ready);
  }
  return loop_.load(std::memory_order_acquire) != seen;
}

void ThreadPool::work(int thread) {
  std::uint32_t seen = 0;
  int short_waits = 0;
  while (wait_for_loop(seen, short_waits)) {
    ++seen;
    take_indices(thread);
    // Either the caller sees that nobody is busy or this thread sees that it sleeps: both orders are
    // sequential.
    if (busy_.fetch_sub(1) > 1 || !caller_sleeps_.load()) continue;
    { const std::lock_guard lock(mutex_); }  // it may be between its check and its sleep
    done_.notify_one();
  }
}

}  // namespace pliant::core

// Threads that share the work of one loop.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace pliant::core {

/// CPUs that this process may run on (its affinity mask), at least 1.
int available_cpus();

/// A pool of our own rather than pthreadpool: Debian ships that one as a shared library alone, it spins for a
/// long time after each loop, and ThreadSanitizer cannot follow its futexes. The pool of a session has
/// `threads` - 1 workers; the caller is the last thread. Whoever waits does so actively for some
/// microseconds and then sleeps. Work is handed out dynamically, one index at a time; results must not depend
/// on which thread took which index.
class ThreadPool {
 public:
  /// threads >= 1. Throws kOutOfMemory where the system gives no more threads.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const noexcept { return static_cast<int>(workers_.size()) + 1; }

  /// Calls task(index, thread) for every index in [0, count), 0 <= thread < threads(), and returns when all
  /// are done. One caller at a time; not from inside a task. The first exception of a task is thrown here;
  /// the remaining indices are then skipped.
  template <class Task>
  void parallel_for(std::int64_t count, const Task& task) {
    if (count <= 0) return;
    if (count == 1 || workers_.empty()) {
      for (std::int64_t i = 0; i < count; ++i) task(i, 0);
      return;
    }
    run(
        count, [](const void* t, std::int64_t i, int thread) { (*static_cast<const Task*>(t))(i, thread); },
        &task);
  }

  /// Between the two, waits may be longer, for the next loop is near. Nobody waits actively for more than
  /// some microseconds after end_run.
  void begin_run() noexcept { in_run_.store(true, std::memory_order_relaxed); }
  void end_run() noexcept { in_run_.store(false, std::memory_order_relaxed); }

 private:
  using Call = void (*)(const void* task, std::int64_t index, int thread);

  void run(std::int64_t count, Call call, const void* task);
  void work(int thread);
  void take_indices(int thread);
  void wait_for_workers();
  bool wait_for_loop(std::uint32_t seen, int& short_waits);
  template <class Ready>
  bool wait_actively(const Ready& ready, int& short_waits) const;

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;        // for workers: there is a loop, or the end
  std::condition_variable done_;        // for the caller: nobody is busy any more
  std::atomic<std::uint32_t> loop_{0};  // counts loops; a change is the signal to start
  std::atomic<std::int64_t> next_{0};
  std::atomic<int> busy_{0};
  std::atomic<bool> caller_sleeps_{false};
  std::atomic<bool> stop_{false};
  std::atomic<bool> in_run_{false};
  int short_waits_ = 0;  // of the caller
  std::int64_t count_ = 0;
  Call call_ = nullptr;
  const void* task_ = nullptr;
  std::exception_ptr error_;
};

}  // namespace pliant::core

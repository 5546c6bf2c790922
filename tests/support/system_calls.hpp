// Counts the system calls of a piece of a program, by refusing them (seccomp): no tracer is needed, nor any
// right.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

namespace pliant::test {

class SystemCalls {
 public:
  /// Whether the system lets a program filter its own calls, and these are the program's own: sanitizers call
  /// the system as they like.
  static bool can_be_counted() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false;
#else
    return in_child([] {}, [] {}, {}).ended_well;
#endif
  }

  struct Result {
    bool ended_well = false;  ///< `prepare` and `work` came to their end
    long count = 0;           ///< calls of `work`, but for those allowed
    std::string numbers;      ///< theirs, as in <asm/unistd.h>: "24 x 3, 202 x 1"
  };

  /// In a child process: prepare(), then work() with all its threads watched. Calls that are not in `allowed`
  /// are counted and fail with an error.
  template <class Prepare, class Work>
  static Result in_child(const Prepare& prepare, const Work& work, const std::vector<int>& allowed) {
    void* shared = ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return {};
    counts() = new (shared) Counts{};
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        prepare();
        if (!watch(allowed)) ::_exit(2);
        work();
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    int status = -1;
    if (child > 0) ::waitpid(child, &status, 0);
    Result result;
    result.ended_well = child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    for (std::size_t i = 0; i < counts()->size(); ++i) {
      const long n = (*counts())[i];
      result.count += n;
      if (n > 0)
        result.numbers +=
            (result.numbers.empty() ? "" : ", ") + std::to_string(i) + " x " + std::to_string(n);
    }
    ::munmap(shared, sizeof(Counts));
    return result;
  }

 private:
  using Counts = std::array<std::atomic<int>, 512>;

  static Counts*& counts() {
    static Counts* instance = nullptr;
    return instance;
  }

  static void note(int, siginfo_t* info, void*) {
    const auto number = static_cast<std::size_t>(info->si_syscall);
    ++(*counts())[number < counts()->size() ? number : counts()->size() - 1];
  }

  static bool watch(std::vector<int> allowed) {
    struct sigaction action {};
    action.sa_sigaction = note;
    action.sa_flags = SA_SIGINFO;
    if (::sigaction(SIGSYS, &action, nullptr) != 0) return false;
    allowed.insert(allowed.end(), {SYS_rt_sigreturn, SYS_exit_group});  // of `note`, and how the child ends
    std::vector<sock_filter> program{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offsetof(seccomp_data, nr)))};
    for (const int number : allowed) {
      program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
      program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0;
  }
};

}  // namespace pliant::test

// Runs a fuzz target without a fuzzer.
//
//   replay_x ROUNDS            every seed, then ROUNDS mutations of each, the same ones on every run
//   replay_x --seeds FOLDER    writes the seeds as files, a corpus for libFuzzer to begin with
//   replay_x FILE...           these inputs
//
// While an input runs it lies in <program>.input in the working folder: what is left there after a crash or
// a hang is the input that did it.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <typeinfo>

#include "tests/fuzz/mutate.hpp"
#include "tests/fuzz/target.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PLIANT_FUZZ_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PLIANT_FUZZ_SANITIZED 1
#endif
#endif

// Instead of RLIMIT_AS, which the sanitizers' shadow memory would exceed.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "max_allocation_size_mb=1024"; }

namespace {

using pliant::fuzz::Bytes;

#ifdef PLIANT_FUZZ_SANITIZED
constexpr double kMostSeconds = 10;
void limit_memory() {}
#else
constexpr double kMostSeconds = 1;
void limit_memory() {
  constexpr rlim_t kMostBytes = rlim_t{2} << 30;
  const rlimit limit{kMostBytes, kMostBytes};
  ::setrlimit(RLIMIT_AS, &limit);
}
#endif

// Time of this process alone, so that a busy machine does not matter.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class Replay {
 public:
  explicit Replay(const std::string& program)
      : path_(std::filesystem::path(program).filename().string() + ".input"),
        descriptor_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    limit_memory();
  }
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;
  ~Replay() { ::close(descriptor_); }

  /// False where the input broke a promise.
  bool run(const Bytes& input, const std::string& what) {
    keep(input);
    // Ends the process if it never comes back; profiling time counts the processor's time alone.
    const auto seconds = static_cast<time_t>(4 * kMostSeconds);
    const itimerval watchdog{{0, 0}, {seconds, 0}};
    ::setitimer(ITIMER_PROF, &watchdog, nullptr);
    const double before = cpu_seconds();
    std::string finding;
    try {
      pliant::fuzz::run_one(input);
    } catch (const std::exception& error) {
      finding = std::string(typeid(error).name()) + ": " + error.what();
    }
    const double took = cpu_seconds() - before;
    if (finding.empty() && took > kMostSeconds)
      finding = "took " + std::to_string(took) + " s, at most " + std::to_string(kMostSeconds) + " may be";
    ++inputs_;
    slowest_ = std::max(slowest_, took);
    if (finding.empty()) return true;
    std::cerr << "finding: " << what << ": " << finding << "\nthe input is in " << path_ << '\n';
    return false;
  }

  bool finish() {
    ::unlink(path_.c_str());
    std::cout << inputs_ << " inputs, the slowest took " << slowest_ << " s\n";
    return true;
  }

 private:
  void keep(const Bytes& input) {
    if (::ftruncate(descriptor_, static_cast<off_t>(input.size())) != 0 ||
        ::pwrite(descriptor_, input.data(), input.size(), 0) != static_cast<ssize_t>(input.size()))
      std::cerr << "cannot write " << path_ << '\n';
  }

  std::string path_;
  int descriptor_;
  std::size_t inputs_ = 0;
  double slowest_ = 0;
};

bool mutations(Replay& replay, int rounds) {
  const std::vector<Bytes> seeds = pliant::fuzz::seeds();
  for (std::size_t s = 0; s < seeds.size(); ++s) {
    pliant::fuzz::Mutator mutator(static_cast<unsigned>(s) + 1);
    if (!replay.run(seeds[s], "seed " + std::to_string(s))) return false;
    for (int round = 0; round < rounds; ++round) {
      const std::string what = "seed " + std::to_string(s) + ", mutation " + std::to_string(round);
      if (!replay.run(mutator.mutated(seeds[s], seeds), what)) return false;
    }
  }
  return replay.finish();
}

bool files(Replay& replay, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
      std::cerr << "cannot open " << path << '\n';
      return false;
    }
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    if (!replay.run(Bytes(begin, begin + text.size()), path)) return false;
  }
  return replay.finish();
}

bool write_seeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::size_t number = 0;
  for (const Bytes& seed : pliant::fuzz::seeds()) {
    std::ofstream out(folder / ("seed-" + std::to_string(number++)), std::ios::binary);
    out.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
    if (!out.flush()) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 2 && arguments[0] == "--seeds") return write_seeds(arguments[1]) ? 0 : 1;
  if (arguments.empty()) {
    std::cerr << "usage: " << argv[0] << " ROUNDS | --seeds FOLDER | FILE...\n";
    return 2;
  }
  Replay replay(argv[0]);
  int rounds = 0;
  const std::string& first = arguments[0];
  const auto [stop, error] = std::from_chars(first.data(), first.data() + first.size(), rounds);
  const bool is_number = error == std::errc() && stop == first.data() + first.size();
  return (is_number ? mutations(replay, rounds) : files(replay, arguments)) ? 0 : 1;
}

// A progress bar on the terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace pliant::tools {

/// One line on standard error that is drawn over itself.
class Progress {
 public:
  /// Stays silent unless `wanted`, several steps come and standard error is a terminal that can do it.
  Progress(std::size_t total, bool wanted);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool visible() const noexcept { return visible_; }

  /// `done` steps are finished, `label` comes next.
  void show(std::size_t done, std::string_view label);

  /// Takes the line away, so that something else can be printed.
  void clear() noexcept;

  double seconds() const;

 private:
  std::size_t total_;
  bool visible_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace pliant::tools

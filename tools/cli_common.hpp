// Options that mean the same in every subcommand, and how a subcommand reads its arguments.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pliant/error.hpp"
#include "pliant/session.hpp"
#include "tools/numbers.hpp"

namespace pliant::tools {

/// Exit codes.
inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsage = 2;

/// A subcommand receives its own name as the first argument and returns an exit code. It throws UsageError
/// and pliant::Error.
using SubcommandFunction = int (*)(int argc, const char* const* argv);

int detect(int argc, const char* const* argv);
int boxes(int argc, const char* const* argv);
int run(int argc, const char* const* argv);
int inspect(int argc, const char* const* argv);
int bench(int argc, const char* const* argv);
int devices(int argc, const char* const* argv);

/// Fills the variables bound to the app's options. False where --help was asked for and has been printed.
/// Throws UsageError.
bool parse(CLI::App& app, int argc, const char* const* argv);

/// An option that is a whole number within [low, high].
CLI::Option* add_integer(CLI::App& app, const std::string& flag, std::int64_t low, std::int64_t high,
                         std::function<void(std::int64_t)> set, const std::string& description);

/// An option that is a decimal number within [low, high].
CLI::Option* add_number(CLI::App& app, const std::string& flag, double low, double high,
                        std::function<void(double)> set, const std::string& description);

/// An option that is HEIGHTxWIDTH.
CLI::Option* add_size(CLI::App& app, const std::string& flag, std::optional<Size>& size,
                      const std::string& description);

/// An option that is one of certain words.
CLI::Option* add_choice(CLI::App& app, const std::string& flag, const std::vector<std::string>& words,
                        std::function<void(std::size_t index)> set, const std::string& description);

/// --threads, --device, --target.
void add_session_options(CLI::App& app, SessionOptions& options);

/// What may be said about finding boxes; empty = as the model file (or the format's default) says.
struct BoxOptions {
  std::optional<double> thresh;
  std::optional<double> box_thresh;
  std::optional<double> unclip_ratio;
  std::optional<int> max_candidates;
  bool polygons = false;
};

/// --thresh, --box-thresh, --unclip-ratio, --max-candidates, --polygons.
void add_box_options(CLI::App& app, BoxOptions& options);

/// UsageError for kInvalidArgument; every other error as it is.
[[noreturn]] void rethrow_as_usage(const Error& error);

/// Makes a Session or TextDetector. An option that the library does not accept (a word for --target, say) is
/// a mistake in the command line, not work that failed; the library alone knows the words.
template <class T, class Options>
T make_with_options(const Model& model, const Options& options) {
  try {
    return T(model, options);
  } catch (const Error& error) {
    rethrow_as_usage(error);
  }
}

}  // namespace pliant::tools

#include "tools/cli_common.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "core/format.hpp"
#include "tools/console.hpp"
#include "tools/usage_error.hpp"

namespace pliant::tools {
namespace {

constexpr std::int64_t kMaxInt = std::numeric_limits<int>::max();

Device parse_device(std::string_view text) {
  if (text == "auto") return Device::automatic();
  if (text == "cpu") return Device::cpu();
  if (text == "cuda") return Device::cuda(0);
  constexpr std::string_view kCudaPrefix = "cuda:";
  if (text.starts_with(kCudaPrefix)) {
    return Device::cuda(
        static_cast<int>(parse_integer(text.substr(kCudaPrefix.size()), "--device cuda:N", 0, 1023)));
  }
  throw UsageError(core::message("--device expects auto, cpu, cuda or cuda:N, not '", text, "'"));
}

// Lines of a help text broken at `kHelpColumns`; what follows stands under the descriptions.
std::string wrapped(const std::string& help) {
  constexpr std::size_t kHelpColumns = 100;
  constexpr std::size_t kIndent = 30;
  std::string text;
  std::size_t begin = 0;
  while (begin < help.size()) {
    const std::size_t end = std::min(help.find('\n', begin), help.size());
    std::string line = help.substr(begin, end - begin);
    begin = end + 1;
    while (line.size() > kHelpColumns) {
      const std::size_t space = line.rfind(' ', kHelpColumns);
      if (space == std::string::npos || space <= kIndent) break;
      text += line.substr(0, space) + "\n";
      line = std::string(kIndent, ' ') + line.substr(space + 1);
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace

bool parse(CLI::App& app, int argc, const char* const* argv) {
  // CLI11 reads "[a,b]" as a list of two values wherever several are allowed; a path in brackets must stay
  // a path.
  std::vector<std::string> arguments(argv, argv + argc);
  for (std::string& argument : arguments) {
    if (argument.starts_with('[') && argument.ends_with(']')) argument.insert(0, "./");
  }
  std::vector<const char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());

  app.set_help_flag("-h,--help", "Print this help");
  try {
    app.parse(argc, pointers.data());
  } catch (const CLI::CallForHelp&) {
    print(wrapped(app.help()));
    return false;
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  return true;
}

CLI::Option* add_integer(CLI::App& app, const std::string& flag, std::int64_t low, std::int64_t high,
                         std::function<void(std::int64_t)> set, const std::string& description) {
  return app
      .add_option_function<std::string>(
          flag, [=](const std::string& text) { set(parse_integer(text, flag, low, high)); }, description)
      ->type_name("N");
}

CLI::Option* add_number(CLI::App& app, const std::string& flag, double low, double high,
                        std::function<void(double)> set, const std::string& description) {
  return app
      .add_option_function<std::string>(
          flag, [=](const std::string& text) { set(parse_number(text, flag, low, high)); }, description)
      ->type_name("X");
}

CLI::Option* add_size(CLI::App& app, const std::string& flag, std::optional<Size>& size,
                      const std::string& description) {
  return app
      .add_option_function<std::string>(
          flag, [&size, flag](const std::string& text) { size = parse_size(text, flag); }, description)
      ->type_name("HxW");
}

CLI::Option* add_choice(CLI::App& app, const std::string& flag, const std::vector<std::string>& words,
                        std::function<void(std::size_t index)> set, const std::string& description) {
  return app
      .add_option_function<std::string>(
          flag,
          [=](const std::string& text) {
            const auto found = std::find(words.begin(), words.end(), text);
            if (found == words.end()) {
              throw UsageError(core::message(flag, " expects one of ", CLI::detail::join(words, ", "),
                                             ", not '", text, "'"));
            }
            set(static_cast<std::size_t>(found - words.begin()));
          },
          description)
      ->type_name(CLI::detail::join(words, "|"));
}

void add_session_options(CLI::App& app, SessionOptions& options) {
  add_integer(
      app, "--threads", 1, 1024, [&](std::int64_t n) { options.threads = static_cast<int>(n); },
      "Threads that compute (default: one for each CPU)");
  app.add_option_function<std::string>(
         "--device", [&](const std::string& text) { options.device = parse_device(text); },
         "Where to compute (default: auto)")
      ->type_name("auto|cpu|cuda[:N]");
  app.add_option("--target", options.target,
                 "CPU instruction set: scalar, sse4, avx2, avx512, neon, sve (default: the best there is)")
      ->type_name("ISA");
}

void add_box_options(CLI::App& app, BoxOptions& options) {
  add_number(
      app, "--thresh", 0, 1, [&](double x) { options.thresh = x; }, "A pixel is text above this probability");
  add_number(
      app, "--box-thresh", 0, 1, [&](double x) { options.box_thresh = x; },
      "Drop regions with a lower mean probability");
  add_number(
      app, "--unclip-ratio", 0, 100, [&](double x) { options.unclip_ratio = x; },
      "How far regions grow beyond the shrunken text that the network marks");
  add_integer(
      app, "--max-candidates", 1, kMaxInt,
      [&](std::int64_t n) { options.max_candidates = static_cast<int>(n); },
      "Look at so many contours at most");
  app.add_flag("--polygons", options.polygons, "Polygons that follow curved text, not four-cornered boxes");
}

void rethrow_as_usage(const Error& error) {
  if (error.code() == ErrorCode::kInvalidArgument) throw UsageError(error.what());
  throw;
}

}  // namespace pliant::tools

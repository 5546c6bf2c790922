// The pliant command: finds the subcommand and turns exceptions into messages and exit codes.
#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "core/format.hpp"
#include "pliant/version.hpp"
#include "tools/cli_common.hpp"
#include "tools/console.hpp"
#include "tools/usage_error.hpp"

namespace pliant::tools {
namespace {

struct Subcommand {
  std::string_view name;
  std::string_view summary;
  SubcommandFunction function;
};

constexpr std::array kSubcommands = {
    Subcommand{"detect", "Find the text in pictures", detect},
    Subcommand{"boxes", "Find text regions in a probability map (.npy)", boxes},
    Subcommand{"run", "Run a model on arrays (.npy in, .npy out)", run},
    Subcommand{"inspect", "Show what a model file holds and what running it takes", inspect},
    Subcommand{"bench", "Measure a model's speed and memory", bench},
    Subcommand{"devices", "List the devices that this build can use", devices},
};

std::string help() {
  std::string text =
      "Runs neural networks with deformable convolutions; finds text in pictures.\n"
      "Usage: pliant SUBCOMMAND [ARGUMENTS]\n\nSubcommands:\n";
  for (const Subcommand& subcommand : kSubcommands) {
    text += core::message("  ", subcommand.name, std::string(10 - subcommand.name.size(), ' '),
                          subcommand.summary, "\n");
  }
  text +=
      "\nOptions:\n"
      "  -h,--help     Print this help; pliant SUBCOMMAND --help prints the subcommand's\n"
      "  -V,--version  Print the version\n"
      "\nExit codes: 0 = done, 1 = work failed, 2 = the command line is wrong.\n"
      "Example: pliant detect slim-db.pliant page.jpg --draw overlays\n";
  return text;
}

std::string version_text() {
  return core::message("pliant ", version(), " (reads model format ", model_format_version(), ")\n");
}

// `hint` names the help that fits: it becomes more precise once the subcommand is known.
int dispatch(int argc, const char* const* argv, std::string& hint) {
  if (argc < 2) throw UsageError("a subcommand is missing");
  const std::string_view word = argv[1];
  if (word == "--help" || word == "-h" || (word == "help" && argc == 2)) {
    print(help());
    return kSuccess;
  }
  if (word == "--version" || word == "-V") {
    print(version_text());
    return kSuccess;
  }
  // "pliant help run" is "pliant run --help".
  const bool wants_help = word == "help";
  const std::string_view name = wants_help ? argv[2] : argv[1];
  const auto* found = std::find_if(kSubcommands.begin(), kSubcommands.end(),
                                   [&](const Subcommand& subcommand) { return subcommand.name == name; });
  if (found == kSubcommands.end()) {
    const std::string_view kind = name.starts_with('-') ? "option" : "subcommand";
    throw UsageError(core::message("there is no ", kind, " '", name, "'"));
  }
  hint = core::message("pliant ", name, " --help");
  if (wants_help) {
    const std::array arguments = {argv[2], "--help"};
    return found->function(static_cast<int>(arguments.size()), arguments.data());
  }
  return found->function(argc - 1, argv + 1);
}

}  // namespace
}  // namespace pliant::tools

int main(int argc, char** argv) {
  using namespace pliant::tools;
  std::string hint = "pliant --help";
  try {
    guard_standard_streams();
    return dispatch(argc, argv, hint);
  } catch (const UsageError& error) {
    print_error(pliant::core::message(error.what(), " (see '", hint, "')"));
    return kUsage;
  } catch (const std::bad_alloc&) {
    print_error("not enough memory");
  } catch (const std::exception& error) {
    print_error(error.what());
  } catch (...) {
    print_error("an unknown exception; please report it");
  }
  return kFailure;
}

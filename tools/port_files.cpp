#include "tools/port_files.hpp"

#include <algorithm>

#include "core/format.hpp"
#include "tools/usage_error.hpp"

namespace pliant::tools {
namespace {

std::string names_of(std::span<const PortInfo> ports) {
  std::string names;
  for (const PortInfo& port : ports) names += (names.empty() ? "" : ", ") + port.name;
  return names;
}

}  // namespace

std::vector<std::string> assign_files(std::span<const PortInfo> ports,
                                      const std::vector<std::string>& arguments, std::string_view option,
                                      std::string_view kind) {
  std::vector<std::string> files(ports.size());
  std::vector<std::string> unnamed;
  for (const std::string& argument : arguments) {
    // A name may hold an '=' or a '/' itself, so names that the model has are tried first.
    const auto* port =
        std::find_if(ports.data(), ports.data() + ports.size(),
                     [&](const PortInfo& candidate) { return argument.starts_with(candidate.name + "="); });
    if (port != ports.data() + ports.size()) {
      const auto index = static_cast<std::size_t>(port - ports.data());
      const std::string file = argument.substr(port->name.size() + 1);
      if (file.empty()) throw UsageError(core::message(option, " ", argument, ": the file is missing"));
      if (!files[index].empty()) throw UsageError(core::message(option, ": '", port->name, "' comes twice"));
      files[index] = file;
      continue;
    }
    const std::size_t equals = argument.find('=');
    if (equals != std::string::npos && argument.find('/') > equals) {
      throw UsageError(core::message("the model has no ", kind, " '", argument.substr(0, equals), "', but: ",
                                     names_of(ports), "; write ./", argument, " if that is a file"));
    }
    if (argument.empty()) throw UsageError(core::message(option, " expects a file, not an empty name"));
    unnamed.push_back(argument);
  }
  std::size_t index = 0;
  for (const std::string& file : unnamed) {
    while (index < files.size() && !files[index].empty()) ++index;
    if (index == files.size()) {
      throw UsageError(core::message(option, ": ", arguments.size(), " files for ", ports.size(), " ", kind,
                                     ports.size() == 1 ? "" : "s", " (", names_of(ports), ")"));
    }
    files[index] = file;
  }
  return files;
}

}  // namespace pliant::tools

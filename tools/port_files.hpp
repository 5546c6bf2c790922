// Which file belongs to which input or output of a model.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pliant/model.hpp"

namespace pliant::tools {

/// One file for each port, empty where none was given. An argument is `name=file`, or a file: these fill the
/// ports that have no file yet, in the graph's order. An '=' in a file's name needs a '/' before it
/// ("./a=b.npy"). `option` and `kind` ("input") are for messages. Throws UsageError.
std::vector<std::string> assign_files(std::span<const PortInfo> ports,
                                      const std::vector<std::string>& arguments, std::string_view option,
                                      std::string_view kind);

}  // namespace pliant::tools

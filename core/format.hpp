// Text for messages.
#pragma once

#include <locale>
#include <sstream>
#include <string>

namespace pliant::core {

/// Streams its arguments into one string: message("input has ", 3, " channels"). The classic locale is used
/// whatever the host program set.
template <class... Ts>
std::string message(const Ts&... parts) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  (out << ... << parts);
  return out.str();
}

}  // namespace pliant::core

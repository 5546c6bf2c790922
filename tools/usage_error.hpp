// What is wrong with a command line, as opposed to work that failed.
#pragma once

#include <stdexcept>

namespace pliant::tools {

/// The command line cannot be understood: exit code 2. The message is one line without a full stop.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace pliant::tools

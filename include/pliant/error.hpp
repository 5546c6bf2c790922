// The one exception type of the library.
#pragma once

#include <stdexcept>
#include <string>

#include "pliant/export.hpp"

namespace pliant {

enum class ErrorCode {
  kInvalidArgument,  ///< the caller passed something that cannot work: a shape, a name, an option
  kInvalidModel,     ///< the model file is damaged, malicious or newer than the library
  kInvalidImage,     ///< the picture cannot be decoded or is too large
  kUnsupported,      ///< well-formed, but this build or device cannot do it
  kIo,               ///< a file cannot be opened, read or written
  kOutOfMemory,      ///< memory could not be allocated
  kCancelled,        ///< Session::cancel() was called
  kInternal,         ///< a defect of the library; please report it
};

/// Static name of a code, e.g. "invalid_argument".
PLIANT_API const char* to_string(ErrorCode code) noexcept;

/// Every failure of the library. The message names the place, what was expected, what came and, where it
/// helps, what to do; it is one line without a trailing full stop or newline. Besides it only std::bad_alloc
/// may be thrown.
class PLIANT_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message);
  ~Error() override;
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace pliant

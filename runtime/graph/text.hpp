// Text out of a model file.
#pragma once

#include <string>

#include "schema/model_generated.h"

namespace pliant::runtime {

/// The text with '?' for every control character, so that it is one line and moves no terminal's cursor.
inline std::string printable(const flatbuffers::String& text) {
  std::string result = text.str();
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  return result;
}

}  // namespace pliant::runtime

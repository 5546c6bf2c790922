// libFuzzer's entry. An exception that escapes ends the process, which libFuzzer reports with the input.
#include <cstdint>

#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pliant::fuzz::run_one({reinterpret_cast<const std::byte*>(data), size});
  return 0;
}

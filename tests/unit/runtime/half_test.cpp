#include "runtime/graph/half.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace runtime = pliant::runtime;

TEST_CASE("half: every number by its definition") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 0x1f);
    const int fraction = static_cast<int>(bits & 0x3ff);
    const float actual = runtime::half_to_float(static_cast<std::uint16_t>(bits));
    INFO("bits " << bits);
    CHECK(std::signbit(actual) == (bits >> 15 != 0));
    if (exponent == 31) {
      CHECK((fraction == 0 ? std::isinf(actual) : std::isnan(actual)));
      continue;
    }
    const double size =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    CHECK(std::fabs(static_cast<double>(actual)) == size);
  }
}

TEST_CASE("half: bytes are little-endian") {
  const std::vector<std::uint8_t> bytes = {0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00};
  std::vector<float> numbers(3);
  runtime::widen_halves(bytes, numbers.data());
  CHECK(numbers == std::vector<float>{1.0F, -2.0F, 0x1p-24F});
}

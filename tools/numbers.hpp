// Numbers to and from text, whatever the locale is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pliant::tools {

/// Height and width in pixels, both at least 1.
struct Size {
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// A whole number within [low, high]. Throws UsageError, naming `what`.
std::int64_t parse_integer(std::string_view text, std::string_view what, std::int64_t low, std::int64_t high);

/// A finite decimal number within [low, high]. Throws UsageError.
double parse_number(std::string_view text, std::string_view what, double low, double high);

/// "640x480": height x width, each at most 2^31 - 1. Throws UsageError.
Size parse_size(std::string_view text, std::string_view what);

/// Fixed-point with so many digits after the point.
std::string fixed(double value, int digits);

/// To six significant digits, for people.
std::string rounded(double value);

/// The shortest text that reads back as the same number.
std::string shortest(double value);

/// 12345678 as "12,345,678".
std::string grouped(std::uint64_t value);

/// 26734592 as "25.5 MiB".
std::string bytes_text(std::uint64_t bytes);

/// 25.5e9 as "25.5 G": with a decimal prefix and three or four significant digits.
std::string scaled(double value);

}  // namespace pliant::tools

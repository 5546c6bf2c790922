#include "tools/numbers.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/format.hpp"
#include "tools/usage_error.hpp"

namespace pliant::tools {
namespace {

// from_chars over the whole text: no white space, no '+', nothing behind the number.
template <class T>
bool read_whole(std::string_view text, T& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

}  // namespace

std::int64_t parse_integer(std::string_view text, std::string_view what, std::int64_t low,
                           std::int64_t high) {
  std::int64_t value = 0;
  if (read_whole(text, value) && value >= low && value <= high) return value;
  if (high == std::numeric_limits<std::int64_t>::max()) {
    throw UsageError(core::message(what, " expects a whole number of at least ", low, ", not '", text, "'"));
  }
  throw UsageError(
      core::message(what, " expects a whole number from ", low, " to ", high, ", not '", text, "'"));
}

double parse_number(std::string_view text, std::string_view what, double low, double high) {
  double value = 0;
  if (read_whole(text, value) && std::isfinite(value) && value >= low && value <= high) return value;
  throw UsageError(core::message(what, " expects a number from ", shortest(low), " to ", shortest(high),
                                 ", not '", text, "'"));
}

Size parse_size(std::string_view text, std::string_view what) {
  const std::size_t cross = text.find('x');
  Size size;
  if (cross != std::string_view::npos && read_whole(text.substr(0, cross), size.height) &&
      read_whole(text.substr(cross + 1), size.width) && size.height > 0 && size.width > 0 &&
      size.height <= std::numeric_limits<std::int32_t>::max() &&
      size.width <= std::numeric_limits<std::int32_t>::max()) {
    return size;
  }
  throw UsageError(core::message(what, " expects HEIGHTxWIDTH in pixels, like 640x480, not '", text, "'"));
}

std::string fixed(double value, int digits) {
  std::array<char, 512> buffer;  // the longest double has 309 digits before the point
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, digits);
  return {buffer.data(), result.ptr};
}

std::string shortest(double value) {
  std::array<char, 64> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

std::string rounded(double value) {
  std::array<char, 64> buffer;
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, 6);
  return {buffer.data(), result.ptr};
}

std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1024) return core::message(bytes, " B");
  double value = static_cast<double>(bytes);
  static constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  value /= 1024;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fixed(value, value < 100 ? 1 : 0) + " " + kUnits[unit];
}

std::string scaled(double value) {
  static constexpr std::array kPrefixes = {"", "k", "M", "G", "T", "P"};
  std::size_t prefix = 0;
  while (value >= 1000 && prefix + 1 < kPrefixes.size()) {
    value /= 1000;
    ++prefix;
  }
  const int digits = prefix == 0 ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return fixed(value, digits) + " " + kPrefixes[prefix];
}

}  // namespace pliant::tools

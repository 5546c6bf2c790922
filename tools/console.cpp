#include "tools/console.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::tools {

void guard_standard_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF) {
      // Opened for the wrong direction on purpose: using it is an error, as it would be on the closed one.
      // The lowest free number is `descriptor` itself.
      if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) == -1) return;
    }
  }
}

void write_all(int descriptor, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    // Linux transfers at most 0x7ffff000 bytes at once; smaller pieces keep 32-bit lengths out of the way.
    const ssize_t written = ::write(descriptor, bytes.data(), std::min<std::size_t>(bytes.size(), 1U << 30));
    if (written < 0) {
      if (errno == EINTR) continue;
      throw Error(ErrorCode::kIo, core::message("cannot write ", name, ": ", system_message(errno)));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void print(std::string_view text) { write_all(STDOUT_FILENO, text, "standard output"); }

namespace {

void print_line(const char* prefix, std::string_view message) noexcept {
  try {
    write_all(STDERR_FILENO, prefix + printable(message) + "\n", "standard error");
  } catch (...) {
    // There is nowhere left to say it; the exit code still does.
  }
}

}  // namespace

void print_error(std::string_view message) noexcept { print_line("pliant: error: ", message); }
void print_note(std::string_view message) noexcept { print_line("pliant: ", message); }

std::string printable(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      result += "\\x";
      result += kHex[byte >> 4];
      result += kHex[byte & 15];
    } else {
      result += c;
    }
  }
  return result;
}

std::string system_message(int error_number) { return std::generic_category().message(error_number); }

}  // namespace pliant::tools

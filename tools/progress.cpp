#include "tools/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/format.hpp"
#include "tools/console.hpp"
#include "tools/numbers.hpp"

namespace pliant::tools {
namespace {

constexpr std::size_t kBarColumns = 24;

bool terminal_can_redraw() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// As much of the end of `text` as fits, never half a character. East Asian characters take two columns, and
// so every one beyond ASCII is counted as two.
std::string last_columns(std::string_view text, std::size_t columns) {
  std::size_t begin = text.size();
  std::size_t used = 0;
  for (std::size_t at = text.size(); at-- > 0;) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte & 0xc0) == 0x80) continue;  // inside a character
    used += byte < 0x80 ? 1 : 2;
    if (used > columns) break;
    begin = at;
  }
  return std::string(text.substr(begin));
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  const std::string rest = std::to_string(whole % 60);
  return core::message(whole / 60, ":", rest.size() < 2 ? "0" : "", rest);
}

}  // namespace

Progress::Progress(std::size_t total, bool wanted)
    : total_(total),
      visible_(wanted && total > 1 && terminal_can_redraw()),
      start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() { clear(); }

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Progress::show(std::size_t done, std::string_view label) {
  if (!visible_) return;
  const std::size_t filled = kBarColumns * done / total_;
  std::string line = "[";
  for (std::size_t i = 0; i < kBarColumns; ++i) line += i < filled ? "=" : i == filled ? ">" : " ";
  line += core::message("] ", done, "/", total_);
  if (done > 0) {
    line += "  " + clock_text(seconds() / static_cast<double>(done) * static_cast<double>(total_ - done)) +
            " left";
  }
  const std::size_t columns = terminal_columns();
  if (line.size() + 4 < columns) line += "  " + last_columns(printable(label), columns - line.size() - 3);
  try {
    write_all(STDERR_FILENO, "\r\x1b[K" + line, "standard error");
    drawn_ = true;
  } catch (...) {
    visible_ = false;  // a bar that cannot be seen is no reason to stop the work
  }
}

void Progress::clear() noexcept {
  if (!drawn_) return;
  drawn_ = false;
  try {
    write_all(STDERR_FILENO, "\r\x1b[K", "standard error");
  } catch (...) {
    visible_ = false;
  }
}

}  // namespace pliant::tools

#include "tools/safe_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <random>
#include <utility>

#include "core/format.hpp"
#include "pliant/error.hpp"
#include "tools/console.hpp"

namespace pliant::tools {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
  throw Error(ErrorCode::kIo, core::message("cannot write ", path, ": ", reason));
}

// Opening such a name anew would start at the beginning of a file to which the shell appends, and fails for
// sockets; the descriptor itself is what is meant.
std::optional<int> named_descriptor(std::string_view path) {
  if (path == "-" || path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    int number = 0;
    const char* end = path.data() + path.size();
    const auto [stop, error] = std::from_chars(path.data() + folder.size(), end, number);
    if (error == std::errc() && stop == end && number >= 0) return number;
  }
  return std::nullopt;
}

// The file behind symbolic links, which need not exist: the rename must replace it, not the link.
fs::path follow_links(const std::string& path) {
  fs::path current = path;
  for (int hops = 0; hops < 40; ++hops) {
    std::error_code error;
    if (!fs::is_symlink(fs::symlink_status(current, error))) return current;
    const fs::path next = fs::read_symlink(current, error);
    if (error) fail(path, error.message());
    current = next.is_absolute() ? next : current.parent_path() / next;
  }
  fail(path, system_message(ELOOP));
}

fs::path parent_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

std::string random_name() {
  std::random_device random;
  static constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz012345";
  std::string name = ".pliant-";
  for (int i = 0; i < 12; ++i) name += kLetters[random() % 32];
  return name + ".tmp";
}

}  // namespace

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  if (path_.empty()) fail("''", "the name is empty");
  if (const auto descriptor = named_descriptor(path_)) {
    descriptor_ = *descriptor;
    owned_ = false;
    if (path_ == "-") path_ = "standard output";
    return;
  }
  struct stat status {};
  if (::stat(path_.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) fail(path_, "it is a folder; name a file in it");
    if (!S_ISREG(status.st_mode)) return;  // a device, a pipe, a socket
    // A rename asks for the folder's permission alone; a file that may not be written must stay as it is.
    if (::access(path_.c_str(), W_OK) != 0) fail(path_, system_message(errno));
  } else if (errno != ENOENT) {
    fail(path_, system_message(errno));
  }
  const fs::path target = follow_links(path_);
  if (!target.has_filename()) fail(path_, "the folder does not exist");
  const fs::path parent = parent_of(target);
  std::error_code error;
  if (!fs::is_directory(parent, error)) fail(path_, "the folder " + parent.string() + " does not exist");
  if (::access(parent.c_str(), W_OK | X_OK) != 0) {
    fail(path_, "in the folder " + parent.string() + ": " + system_message(errno));
  }
  target_ = (fs::canonical(parent, error) / target.filename()).string();
  if (error) fail(path_, error.message());
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)),
      owned_(other.owned_),
      done_(std::exchange(other.done_, true)) {}

OutputFile::~OutputFile() {
  if (owned_ && descriptor_ != -1) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::open() {
  if (descriptor_ != -1 || done_) return;
  if (target_.empty()) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ == -1) fail(path_, system_message(errno));
    return;
  }
  for (int attempt = 0; attempt < 100 && descriptor_ == -1; ++attempt) {
    const std::string name = (parent_of(target_) / random_name()).string();
    descriptor_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ != -1) {
      temporary_ = name;
    } else if (errno != EEXIST) {
      break;
    }
  }
  if (descriptor_ == -1) fail(path_, system_message(errno));
  // A file that is replaced keeps its permissions where we may set them; where not, the new file's serve.
  struct stat status {};
  if (::stat(target_.c_str(), &status) == 0 && ::fchmod(descriptor_, status.st_mode & 07777) != 0) errno = 0;
}

void OutputFile::write(std::string_view bytes) {
  open();
  write_all(descriptor_, bytes, path_);
}

void OutputFile::close() {
  open();  // a file without bytes is a file too
  if (!owned_ || done_) return;
  done_ = true;
  // Some file systems report a failed write only here.
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(path_, system_message(errno));
}

void OutputFile::commit() {
  close();
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(path_, system_message(errno));
  temporary_.clear();
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error && !fs::is_directory(path, error)) error = std::make_error_code(std::errc::not_a_directory);
  if (error)
    throw Error(ErrorCode::kIo, core::message("cannot make the folder ", path, ": ", error.message()));
}

}  // namespace pliant::tools

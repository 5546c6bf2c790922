#include "models/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <limits>
#include <system_error>

#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::models {
namespace {

constexpr std::size_t kGreatestFile = static_cast<std::size_t>(std::numeric_limits<int>::max());

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  // Some file systems report a full disk only here.
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return fd < 0 || ::close(fd) == 0;
  }

 private:
  int fd_;
};

[[noreturn]] void fail_io(const char* action, const std::string& path, const std::string& reason) {
  throw Error(ErrorCode::kIo, core::message("cannot ", action, " '", path, "': ", reason));
}

std::string reason_of(int error) { return std::generic_category().message(error); }

void write_all(int fd, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      fail_io("write", path, reason_of(written < 0 ? errno : ENOSPC));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// Opens a new file beside `path`; a name in use is stepped over.
int create_beside(const std::string& path, std::string& temporary) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    temporary = core::message(path, ".", ::getpid(), "-", attempt, ".tmp");
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) {
      return fd;
    }
  }
  return -1;
}

}  // namespace

std::vector<std::byte> read_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    fail_io("open", path, reason_of(errno));
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    fail_io("read", path, reason_of(errno));
  }
  if (S_ISDIR(status.st_mode)) {
    fail_io("read", path, "it is a folder, expected a file");
  }
  const std::size_t expected = S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;
  if (expected > kGreatestFile) {
    fail_io("read", path, "the file has 2 GiB or more");
  }
  // A file can grow while it is read, and a pipe has no size: so it is read to its end, not to its size.
  std::vector<std::byte> bytes(expected + 1);
  std::size_t size = 0;
  for (;;) {
    const ssize_t got = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      fail_io("read", path, reason_of(errno));
    }
    if (got == 0) {
      break;
    }
    size += static_cast<std::size_t>(got);
    if (size > kGreatestFile) {
      fail_io("read", path, "the file has 2 GiB or more");
    }
    if (size == bytes.size()) {
      bytes.resize(bytes.size() + bytes.size() / 2 + 65536);
    }
  }
  bytes.resize(size);
  return bytes;
}

void write_file(const std::string& path, std::span<const std::byte> bytes) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    Descriptor device(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (device.get() < 0) {
      fail_io("write", path, reason_of(errno));
    }
    write_all(device.get(), bytes, path);
    if (!device.close()) {
      fail_io("write", path, reason_of(errno));
    }
    return;
  }
  // A link stays a link: what it points to is written.
  std::error_code no_target;
  const std::filesystem::path resolved = std::filesystem::canonical(path, no_target);
  const std::string target = no_target ? path : resolved.string();
  std::string temporary;
  Descriptor file(create_beside(target, temporary));
  if (file.get() < 0) {
    fail_io("write", path, reason_of(errno));
  }
  try {
    write_all(file.get(), bytes, path);
    if (!file.close() || ::rename(temporary.c_str(), target.c_str()) != 0) {
      fail_io("write", path, reason_of(errno));
    }
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

}  // namespace pliant::models

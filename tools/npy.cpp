#include "tools/npy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/format.hpp"
#include "pliant/error.hpp"
#include "tools/console.hpp"
#include "tools/npy_header.hpp"

namespace pliant::tools {
namespace {

static_assert(std::endian::native == std::endian::little,
              "elements are read and written as they lie in memory");

// NumPy refuses headers beyond 10,000 bytes as unsafe to parse; ours holds three short members.
constexpr std::size_t kMaxHeaderBytes = 65536;

/// Reads a file or pipe from its beginning to its end.
class Input {
 public:
  explicit Input(const std::string& path) : name_(path == "-" ? "standard input" : path) {
    if (path == "-") {
      descriptor_ = STDIN_FILENO;
    } else {
      descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      owned_ = true;
    }
    struct stat status {};
    if (descriptor_ == -1 || ::fstat(descriptor_, &status) != 0) fail(errno);
    if (S_ISDIR(status.st_mode)) fail(EISDIR);
    if (S_ISREG(status.st_mode)) {
      const off_t position = ::lseek(descriptor_, 0, SEEK_CUR);
      left_ = status.st_size - std::max<off_t>(position, 0);
    }
  }
  ~Input() {
    if (owned_ && descriptor_ != -1) ::close(descriptor_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  const std::string& name() const noexcept { return name_; }

  /// Bytes that are left of a regular file.
  const std::optional<std::int64_t>& left() const noexcept { return left_; }

  /// Fewer bytes than asked for only at the end.
  std::size_t read(void* to, std::size_t bytes) {
    std::size_t done = 0;
    while (done < bytes) {
      const ssize_t got =
          ::read(descriptor_, static_cast<char*>(to) + done, std::min<std::size_t>(bytes - done, 1U << 30));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    if (left_) *left_ -= static_cast<std::int64_t>(done);
    return done;
  }

  std::string read_text(std::size_t bytes) {
    std::string text(bytes, '\0');
    text.resize(read(text.data(), bytes));
    return text;
  }

 private:
  [[noreturn]] void fail(int error_number) {
    if (owned_ && descriptor_ != -1) ::close(std::exchange(descriptor_, -1));
    throw Error(ErrorCode::kIo, core::message("cannot read ", name_, ": ", system_message(error_number)));
  }

  std::string name_;
  int descriptor_ = -1;
  bool owned_ = false;
  std::optional<std::int64_t> left_;
};

template <class... Ts>
[[noreturn]] void refuse(const Input& input, const Ts&... reason) {
  throw Error(ErrorCode::kInvalidArgument, core::message(input.name(), ": ", reason...));
}

Shape read_header(Input& input) {
  const NpyPrefix prefix = parse_npy_magic(input.read_text(NpyPrefix::kMagicBytes), input.name());
  const std::string length_bytes = input.read_text(prefix.length_bytes);
  std::size_t length = 0;
  for (std::size_t i = length_bytes.size(); i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(length_bytes[i]);
  }
  if (length_bytes.size() == prefix.length_bytes && length > kMaxHeaderBytes) {
    refuse(input, "the .npy header is ", length, " bytes long, at most ", kMaxHeaderBytes, " are accepted");
  }
  const std::string text = input.read_text(length);
  if (length_bytes.size() < prefix.length_bytes || text.size() < length) {
    refuse(input, "the file ends within the .npy header; it is truncated");
  }
  return parse_npy_header(text, input.name());
}

std::int64_t element_count(const Input& input, const Shape& shape) {
  try {
    return shape.elements();
  } catch (const Error& error) {
    refuse(input, error.what());
  }
}

[[noreturn]] void refuse_size(const Input& input, const Shape& shape, std::int64_t expected,
                              std::int64_t found) {
  refuse(input, "the shape ", shape.to_string(), " takes ", expected, " bytes, the file has ", found,
         found < expected ? "; it is truncated" : "; it has bytes behind the array");
}

}  // namespace

NpyArray read_npy(const std::string& path) {
  Input input(path);
  NpyArray array;
  array.shape = read_header(input);
  const std::int64_t count = element_count(input, array.shape);
  const auto bytes = count * static_cast<std::int64_t>(sizeof(float));
  if (input.left() && *input.left() != bytes) refuse_size(input, array.shape, bytes, *input.left());

  constexpr std::size_t kStep = std::size_t{1} << 22;  // elements; a pipe may claim what it does not have
  const auto wanted = static_cast<std::size_t>(count);
  std::size_t have = 0;
  while (have < wanted) {
    const std::size_t step = input.left() ? wanted : std::min(wanted - have, std::max(kStep, have));
    array.values.resize(have + step);
    const std::size_t got = input.read(array.values.data() + have, step * sizeof(float));
    if (got < step * sizeof(float)) {
      refuse_size(input, array.shape, bytes, static_cast<std::int64_t>(have * sizeof(float) + got));
    }
    have += step;
  }
  char extra = 0;
  if (input.read(&extra, 1) != 0) refuse(input, "there are bytes behind the array");
  return array;
}

void write_npy(OutputFile& file, const ConstTensorView& array) {
  file.write(make_npy_header(array.shape));
  const auto bytes = static_cast<std::size_t>(array.shape.elements()) * sizeof(float);
  file.write({reinterpret_cast<const char*>(array.data), bytes});
}

}  // namespace pliant::tools

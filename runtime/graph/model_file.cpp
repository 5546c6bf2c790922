#include "runtime/graph/model_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "core/format.hpp"
#include "pliant/error.hpp"
#include "pliant/version.hpp"

namespace pliant::runtime {
namespace {

static_assert(std::endian::native == std::endian::little, "model files are little-endian and read in place");

// flatbuffers' verifier asserts above this size.
constexpr std::uint64_t kMostBytes = (std::uint64_t{1} << 31) - 1;

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0)
      throw Error(ErrorCode::kIo, core::message("cannot open model '", path, "': ", std::strerror(errno)));
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void check_size(std::uint64_t bytes, const std::string& what) {
  if (bytes > kMostBytes)
    throw Error(ErrorCode::kInvalidModel,
                core::message(what, " has ", bytes, " bytes, model files are smaller than 2 GiB"));
  if (bytes < 16)
    throw Error(ErrorCode::kInvalidModel, core::message(what, " is not a Pliant model: it has only ", bytes,
                                                        " bytes; make one with pliant-convert"));
}

/// Model.version_major read with bounds checks alone, so that a file of a later format, whose structure may
/// not verify here, still gets the right message. Absent = the schema's default.
std::optional<unsigned> peek_major_version(std::span<const std::byte> bytes) {
  const auto read = [&bytes](std::uint64_t at, auto& value) {
    if (at + sizeof value > bytes.size()) return false;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return true;
  };
  std::uint32_t table = 0;
  std::int32_t to_vtable = 0;
  if (!read(0, table) || !read(table, to_vtable)) return std::nullopt;
  const std::int64_t vtable = std::int64_t{table} - to_vtable;
  std::uint16_t vtable_bytes = 0;
  if (vtable < 0 || !read(static_cast<std::uint64_t>(vtable), vtable_bytes)) return std::nullopt;
  std::uint16_t field = 0;
  constexpr unsigned kAt = schema::Model::VT_VERSION_MAJOR;
  if (vtable_bytes < kAt + sizeof field || !read(static_cast<std::uint64_t>(vtable) + kAt, field) ||
      field == 0)
    return std::nullopt;
  std::uint16_t major = 0;
  if (!read(std::uint64_t{table} + field, major)) return std::nullopt;
  return major;
}

core::Buffer read_whole(int fd, std::size_t bytes, const std::string& path) {
  core::Buffer buffer(bytes);
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t n = ::read(fd, buffer.data() + done, bytes - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      throw Error(ErrorCode::kIo, core::message("cannot read model '", path, "': ",
                                                n == 0 ? "the file became shorter" : std::strerror(errno)));
    done += static_cast<std::size_t>(n);
  }
  return buffer;
}

}  // namespace

ModelFile ModelFile::open(const std::string& path, Storage storage) {
  const Descriptor file(path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    throw Error(ErrorCode::kIo, core::message("cannot read model '", path, "': ", std::strerror(errno)));
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorCode::kIo,
                core::message("cannot read model '", path, "': ",
                              S_ISDIR(status.st_mode) ? "it is a folder" : "it is not a regular file"));
  const std::string what = "model '" + path + "'";
  check_size(static_cast<std::uint64_t>(status.st_size), what);
  const auto bytes = static_cast<std::size_t>(status.st_size);

  ModelFile result;
  if (storage == Storage::kMap) {
    void* mapping = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (mapping == MAP_FAILED)
      throw Error(ErrorCode::kIo, core::message("cannot map model '", path, "': ", std::strerror(errno)));
    result.mapping_ = mapping;
    result.mapping_bytes_ = bytes;
    result.bytes_ = {static_cast<const std::byte*>(mapping), bytes};
  } else {
    result.copy_ = read_whole(file.get(), bytes, path);
    result.bytes_ = {result.copy_.data(), bytes};
  }
  result.verify(what);
  return result;
}

ModelFile ModelFile::copy(std::span<const std::byte> bytes) {
  check_size(bytes.size(), "the model in memory");
  ModelFile result;
  result.copy_ = core::Buffer(bytes.size());
  std::memcpy(result.copy_.data(), bytes.data(), bytes.size());
  result.bytes_ = {result.copy_.data(), bytes.size()};
  result.verify("the model in memory");
  return result;
}

ModelFile ModelFile::borrow(std::span<const std::byte> bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % core::kAlignment != 0) return copy(bytes);
  check_size(bytes.size(), "the model in memory");
  ModelFile result;
  result.bytes_ = bytes;
  result.verify("the model in memory");
  return result;
}

ModelFile::ModelFile(ModelFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})),
      copy_(std::move(other.copy_)),
      mapping_(std::exchange(other.mapping_, nullptr)),
      mapping_bytes_(std::exchange(other.mapping_bytes_, 0)) {}

void ModelFile::release_pages() const noexcept {
  if (mapping_ != nullptr) ::madvise(mapping_, mapping_bytes_, MADV_DONTNEED);
}

ModelFile::~ModelFile() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_bytes_);
}

const schema::Model& ModelFile::root() const { return *schema::GetModel(bytes_.data()); }

void ModelFile::verify(const std::string& what) const {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes_.data());
  if (!schema::ModelBufferHasIdentifier(data))
    throw Error(ErrorCode::kInvalidModel,
                core::message(what, " is not a Pliant model (its identifier is not '",
                              schema::ModelIdentifier(), "'); make one with pliant-convert"));
  const auto major = peek_major_version(bytes_);
  if (major && *major > static_cast<unsigned>(model_format_version()))
    throw Error(ErrorCode::kInvalidModel,
                core::message(what, " has format version ", *major, ", this library reads up to ",
                              model_format_version(), "; update Pliant or convert the model again"));
  flatbuffers::Verifier verifier(data, bytes_.size());
  if (!schema::VerifyModelBuffer(verifier))
    throw Error(ErrorCode::kInvalidModel, core::message(what, " is damaged: its structure does not verify"));
}

}  // namespace pliant::runtime

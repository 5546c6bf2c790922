// Any bytes as a .npy file: as a regular file, whose length is known, and as a pipe, which may claim
// anything.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "tests/fuzz/target.hpp"
#include "tests/support/try_model.hpp"
#include "tools/npy.hpp"
#include "tools/npy_header.hpp"

namespace pliant::fuzz {
namespace {

using test::promise;

/// An open descriptor, under the name by which it can be opened.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {
    if (number_ < 0) throw std::system_error(errno, std::generic_category());
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }
  int get() const { return number_; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(number_); }

 private:
  int number_;
};

bool write_all(int descriptor, std::span<const std::byte> bytes) {
  return ::write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

/// Whether the array was accepted.
bool read(const std::string& path, std::size_t file_bytes) {
  try {
    const tools::NpyArray array = tools::read_npy(path);
    promise(static_cast<std::int64_t>(array.values.size()) == array.shape.elements(), "shape ",
            array.shape.to_string(), " with ", array.values.size(), " elements");
    promise(array.values.size() * sizeof(float) < file_bytes, "more elements than the file has");
    const std::string header = tools::make_npy_header(array.shape);
    promise(header.size() % 64 == 0, "the header written is ", header.size(), " bytes long");
    promise(tools::parse_npy_header(header.substr(10), "written") == array.shape,
            "the header written does not say the same");
    return true;
  } catch (const Error& error) {
    test::check_error(error);
    return false;
  }
}

Bytes file(const std::string& header, std::size_t elements) {
  Bytes bytes(header.size() + elements * sizeof(float));
  std::memcpy(bytes.data(), header.data(), header.size());
  return bytes;
}

}  // namespace

void run_one(std::span<const std::byte> input) {
  const Descriptor regular(::memfd_create("npy", MFD_CLOEXEC));
  promise(write_all(regular.get(), input), "the input could not be written");
  const bool accepted = read(regular.path(), input.size());

  constexpr std::size_t kPipeHolds = 65536;  // written before it is read
  if (input.size() > kPipeHolds) return;
  int ends[2];
  promise(::pipe2(ends, O_CLOEXEC) == 0, "no pipe");
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  promise(input.empty() || write_all(in.get(), input), "the input could not be piped");
  in.close();
  promise(read(out.path(), input.size()) == accepted, "a pipe and a file do not come to the same");
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> result;
  result.push_back(file(tools::make_npy_header(Shape{2, 3}), 6));
  result.push_back(file(tools::make_npy_header(Shape{1, 1, 4, 4}), 16));
  result.push_back(file(tools::make_npy_header(Shape{5}), 5));
  result.push_back(file(tools::make_npy_header(Shape{}), 1));
  std::string second = tools::make_npy_header(Shape{2, 2});  // as format 2.0, whose length has four bytes
  second[6] = '\x02';
  second.insert(10, std::string(2, '\0'));
  result.push_back(file(second, 4));
  std::string other = tools::make_npy_header(Shape{2, 2});
  other.replace(other.find("<f4"), 3, ">i8");
  result.push_back(file(other, 8));
  other.replace(other.find(">i8"), 3, "\r\033f");  // was once repeated in the message
  result.push_back(file(other, 4));
  return result;
}

}  // namespace pliant::fuzz

// Any bytes as a model file: loaded, and run at two sizes where that costs little.
#include <new>

#include "core/buffer.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/support/small_network.hpp"
#include "tests/support/try_model.hpp"

namespace pliant::fuzz {
namespace {

// Aligned as borrowed memory must be, and exactly as long as the input, so that AddressSanitizer sees the
// first byte too far.
class Aligned {
 public:
  explicit Aligned(std::span<const std::byte> bytes)
      : bytes_(bytes.size()),
        data_(static_cast<std::byte*>(::operator new(bytes_ + (bytes_ == 0), kAlignment))) {
    if (bytes_ > 0) std::memcpy(data_, bytes.data(), bytes_);
  }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  ~Aligned() { ::operator delete(data_, kAlignment); }
  std::span<const std::byte> bytes() const { return {data_, bytes_}; }

 private:
  static constexpr std::align_val_t kAlignment{core::kAlignment};
  std::size_t bytes_;
  std::byte* data_;
};

void refused_or(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    test::check_error(error);
  }
}

}  // namespace

void run_one(std::span<const std::byte> input) {
  const Aligned file(input);
  refused_or([&] {
    const Model model = Model::from_borrowed_memory(file.bytes());
    // Sizes that no memory holds: only the arithmetic of shapes is wanted.
    for (const std::int64_t side : {std::int64_t{1} << 15, std::int64_t{1} << 28, std::int64_t{1} << 40})
      refused_or([&] { test::is_small(model, test::input_shapes(model, side, 1)); });
    Session session(model, {.device = Device::cpu(), .threads = 1});
    refused_or([&] { test::run_small(model, session, test::input_shapes(model, 4, 1)); });
    refused_or([&] { test::run_small(model, session, test::input_shapes(model, 7, 2)); });
  });
}

std::vector<Bytes> seeds() {
  test::ModelBuilder minimal;
  const int x = minimal.value("x", 2);
  const int y = minimal.value("y", 2);
  minimal.input(x, "x", {-1, 4});
  minimal.node("relu", schema::CreateReLU(minimal.fbb), {x}, {y});
  minimal.output(y, "y", {-1, 4});
  // A name of two lines was once repeated in the messages.
  test::ModelBuilder odd;
  odd.input(odd.value("x\ny", 1), "x\ny", {3});
  odd.node("re\nlu", schema::CreateReLU(odd.fbb), {7}, {7});
  return {test::small_network(), minimal.finish(), odd.finish()};
}

}  // namespace pliant::fuzz

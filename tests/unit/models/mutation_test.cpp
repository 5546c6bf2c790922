// Damaged files: whatever the bytes are, a picture comes out or an Error, and nothing else happens. The
// damage is the same on every run.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "pliant/error.hpp"
#include "tests/unit/models/sample_files.hpp"

namespace pliant {
namespace {

struct Outcome {
  int decoded = 0;
  int refused = 0;
};

void decode_any(const test::FileBytes& file, Outcome& outcome) {
  try {
    const Image image = decode_image(file, "damaged", {.max_pixels = 1'000'000});
    CHECK(image.pixels.size() ==
          static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) * 3);
    ++outcome.decoded;
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kInvalidImage);
    ++outcome.refused;
  }
}

}  // namespace

TEST_CASE("every byte of every sample, replaced") {
  for (const test::Sample& sample : test::sample_files()) {
    INFO(sample.name);
    const test::FileBytes& file = sample.file;
    Outcome outcome;
    for (std::size_t at = 0; at < file.size(); ++at) {
      for (const int mask : {0xFF, 0x01, 0x80}) {
        test::FileBytes damaged = file;
        damaged[at] ^= static_cast<std::byte>(mask);
        decode_any(damaged, outcome);
      }
    }
    CHECK(outcome.refused > 0);
    CHECK(outcome.decoded > 0);
  }
}

TEST_CASE("random damage: bytes replaced, inserted, removed, blocks repeated") {
  for (const test::Sample& sample : test::sample_files()) {
    INFO(sample.name);
    const test::FileBytes& file = sample.file;
    std::mt19937 random(20240611);
    const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
    const auto offset = [&](const test::FileBytes& bytes) {
      return static_cast<std::ptrdiff_t>(below(bytes.size()));
    };
    Outcome outcome;
    for (int round = 0; round < 600; ++round) {
      test::FileBytes damaged = file;
      for (std::size_t step = 0; step <= below(4); ++step) {
        const auto at = offset(damaged);
        switch (below(4)) {
          case 0:
            damaged[static_cast<std::size_t>(at)] = static_cast<std::byte>(random());
            break;
          case 1:
            damaged.insert(damaged.begin() + at, static_cast<std::byte>(random()));
            break;
          case 2:
            damaged.erase(damaged.begin() + at);
            break;
          default: {
            const test::FileBytes block(
                damaged.begin() + at,
                damaged.begin() + std::min<std::ptrdiff_t>(at + 40, std::ssize(damaged)));
            damaged.insert(damaged.begin() + offset(damaged), block.begin(), block.end());
          }
        }
        if (damaged.empty()) {
          break;
        }
      }
      decode_any(damaged, outcome);
    }
    CHECK(outcome.refused > 0);
  }
}

}  // namespace pliant

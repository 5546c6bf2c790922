// A model file is untrusted input: whatever the bytes, loading and running end with a result or with one
// Error.
#include <doctest/doctest.h>

#include "tests/support/small_network.hpp"
#include "tests/support/try_model.hpp"

using namespace pliant;
using test::Outcome;
using test::try_model;

TEST_CASE("corruption: truncated at every 16th byte") {
  const auto bytes = test::small_network();
  REQUIRE(bytes.size() <= 65536);
  CHECK(try_model(bytes) == Outcome::kRan);
  for (std::size_t size = 0; size < bytes.size(); size += 16) {
    INFO("size " << size);
    CHECK(try_model({bytes.data(), size}) == Outcome::kRefused);
  }
}

TEST_CASE("corruption: every byte flipped") {
  auto bytes = test::small_network();
  int refused = 0;
  int ran = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    INFO("byte " << i);
    const std::byte before = bytes[i];
    bytes[i] = ~before;
    const Outcome outcome = try_model(bytes);
    refused += outcome == Outcome::kRefused ? 1 : 0;
    ran += outcome == Outcome::kRan ? 1 : 0;
    bytes[i] = before;
  }
  // Most bytes are weights, which have no wrong values; the structure's bytes must be noticed.
  CHECK(refused > 500);
  CHECK(ran > 1000);
}

TEST_CASE("corruption: single bits of the structure") {
  auto bytes = test::small_network();
  std::uint32_t state = 12345;
  for (int round = 0; round < 4000; ++round) {
    state = state * 1664525U + 1013904223U;
    const std::size_t at = (state >> 8) % bytes.size();
    const auto bit = static_cast<std::byte>(1U << (state & 7U));
    INFO("byte " << at);
    bytes[at] ^= bit;
    try_model(bytes);
    bytes[at] ^= bit;
  }
}

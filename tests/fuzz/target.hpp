// What a fuzz target is. Each fuzz_<name>.cpp defines both functions; libfuzzer_main.cpp drives them with
// clang's libFuzzer, replay_main.cpp with a few thousand fixed mutations under any compiler.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pliant::fuzz {

using Bytes = std::vector<std::byte>;

/// Hands the bytes to the code under test. Throws test::Violation where a promise is broken; any other
/// exception that escapes is a finding as well.
void run_one(std::span<const std::byte> input);

/// Small valid inputs to begin with, the same on every run.
std::vector<Bytes> seeds();

}  // namespace pliant::fuzz

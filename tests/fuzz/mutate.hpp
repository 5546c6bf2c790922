// Damages inputs, the same way on every run.
#pragma once

#include <random>
#include <span>

#include "tests/fuzz/target.hpp"

namespace pliant::fuzz {

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  /// A copy of `input` with one to six things done to it; pieces may come from `others`.
  Bytes mutated(const Bytes& input, std::span<const Bytes> others);

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  void step(Bytes& bytes, std::span<const Bytes> others);
  void overwrite_number(Bytes& bytes);
  void splice(Bytes& bytes, const Bytes& other);

  std::mt19937 random_;  // its numbers are the same everywhere; the distributions' are not
};

}  // namespace pliant::fuzz

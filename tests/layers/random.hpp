// Reproducible random numbers: the same on every machine and compiler.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "pliant/tensor.hpp"

namespace pliant::tests {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}

  std::uint64_t next();
  /// In [low, high].
  int integer(int low, int high);
  float uniform(float low, float high);
  bool chance(double probability);
  int pick(std::initializer_list<int> values);

  /// NCHW, uniform in [low, high].
  Tensor tensor(const Shape& shape, float low = -1, float high = 1);

 private:
  std::uint64_t state_;
};

}  // namespace pliant::tests

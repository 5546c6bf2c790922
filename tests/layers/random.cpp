#include "tests/layers/random.hpp"

namespace pliant::tests {

// splitmix64
std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

int Random::integer(int low, int high) {
  return low + static_cast<int>(next() % static_cast<std::uint64_t>(high - low + 1));
}

float Random::uniform(float low, float high) {
  const auto unit = static_cast<float>(static_cast<double>(next() >> 40) / 16777216.0);
  return low + (high - low) * unit;
}

bool Random::chance(double probability) { return uniform(0, 1) < probability; }

int Random::pick(std::initializer_list<int> values) { return values.begin()[next() % values.size()]; }

Tensor Random::tensor(const Shape& shape, float low, float high) {
  Tensor result(shape);
  for (float& value : result.values()) value = uniform(low, high);
  return result;
}

}  // namespace pliant::tests

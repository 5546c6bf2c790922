#include "layers/mul.hpp"

#include "tests/layers/broadcast_cases.hpp"

using namespace pliant;

TEST_CASE("mul: broadcasting, activations, in place") {
  tests::check_broadcasts<layers::Mul>([](double a, double b) { return a * b; });
}

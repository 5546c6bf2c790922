#include "layers/sub.hpp"

#include "tests/layers/broadcast_cases.hpp"

using namespace pliant;

TEST_CASE("sub: broadcasting, activations, in place") {
  tests::check_broadcasts<layers::Sub>([](double a, double b) { return a - b; });
}

#include "layers/add.hpp"

#include "tests/layers/broadcast_cases.hpp"

using namespace pliant;

TEST_CASE("add: broadcasting, activations, in place") {
  tests::check_broadcasts<layers::Add>([](double a, double b) { return a + b; });
}

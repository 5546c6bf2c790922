#include <doctest/doctest.h>

#include "pliant/error.hpp"
#include "pliant/tensor.hpp"

using pliant::Error;
using pliant::Shape;

TEST_CASE("shape: elements, text, equality") {
  CHECK(Shape{}.elements() == 1);
  CHECK(Shape{}.to_string() == "scalar");
  const Shape s{2, 3, 5, 7};
  CHECK(s.elements() == 210);
  CHECK(s.to_string() == "2x3x5x7");
  CHECK(s == Shape{2, 3, 5, 7});
  CHECK_FALSE(s == Shape{2, 3, 5});
  CHECK(Shape{0, 1000000000, 1000000}.elements() == 0);
}

TEST_CASE("shape: bad sizes are refused") {
  CHECK_THROWS_AS((Shape{1, -1}), Error);
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1, 1}), Error);
  CHECK_THROWS_AS((Shape{1LL << 31, 1LL << 31}.elements()), Error);
  CHECK_THROWS_AS((Shape{INT64_MAX, 2}.elements()), Error);
  CHECK((Shape{1LL << 30, 1LL << 20}.elements()) == 1LL << 50);
}

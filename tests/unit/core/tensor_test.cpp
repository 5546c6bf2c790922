#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>

#include "pliant/error.hpp"
#include "pliant/tensor.hpp"

using pliant::Layout;
using pliant::Shape;
using pliant::Tensor;

TEST_CASE("tensor: layouts there and back") {
  Tensor t(Shape{2, 3, 33, 35});
  std::iota(t.values().begin(), t.values().end(), 0.0F);
  const Tensor nhwc = t.to(Layout::kNHWC);
  for (int n = 0; n < 2; ++n)
    for (int c = 0; c < 3; ++c)
      for (int h = 0; h < 33; ++h)
        for (int w = 0; w < 35; ++w)
          REQUIRE(nhwc.data()[((n * 33 + h) * 35 + w) * 3 + c] == t.data()[((n * 3 + c) * 33 + h) * 35 + w]);
  const Tensor back = nhwc.to(Layout::kNCHW);
  CHECK(std::equal(t.values().begin(), t.values().end(), back.values().begin()));
}

TEST_CASE("tensor: aligned, and refuses what does not fit") {
  const Tensor t(Shape{3, 5});
  CHECK(reinterpret_cast<std::uintptr_t>(t.data()) % 64 == 0);
  CHECK_THROWS_AS(Tensor(Shape{1LL << 40, 1LL << 18}), pliant::Error);  // 2^60 bytes
  Tensor other(Shape{3, 6});
  CHECK_THROWS_AS(copy(t.view(), other.view()), pliant::Error);
}

TEST_CASE("tensor: other ranks ignore the layout") {
  Tensor t(Shape{2, 3, 4}, Layout::kNCHW);
  std::iota(t.values().begin(), t.values().end(), 0.0F);
  const Tensor same = t.to(Layout::kNHWC);
  CHECK(std::equal(t.values().begin(), t.values().end(), same.values().begin()));
}

#include "backends/cpu/gemm.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "backends/cpu/dispatch.hpp"
#include "tests/layers/random.hpp"

using namespace pliant;
using namespace pliant::backends::cpu;

namespace {

struct Problem {
  std::int64_t m, segments, length, n;
};

}  // namespace

TEST_CASE("gemm: every tail of rows and columns, segments short and long, all instruction sets") {
  tests::Random random(121);
  const Problem problems[] = {{1, 1, 1, 1},    {5, 1, 7, 3},     {13, 9, 5, 33},
                              {25, 3, 40, 65}, {7, 2, 1100, 17}, {12, 1, 129, 64},
                              {31, 49, 3, 50}, {97, 4, 64, 129}, {6, 0, 8, 20}};
  for (const Isa isa : available_isas()) {
    const SimdKernels simd = simd_kernels(isa);
    for (const Problem& problem : problems) {
      const std::int64_t k = problem.segments * problem.length;
      const Tensor a = random.tensor({problem.m, problem.segments + 1, problem.length + 3});
      const Tensor w = random.tensor({std::max<std::int64_t>(k, 1), problem.n});
      const Tensor bias = random.tensor({problem.n});
      std::vector<const float*> rows;
      for (std::int64_t i = 0; i < problem.m * problem.segments; ++i) {
        const std::int64_t row = i / std::max<std::int64_t>(1, problem.segments);
        const std::int64_t segment = i % std::max<std::int64_t>(1, problem.segments);
        rows.push_back(a.data() + (row * (problem.segments + 1) + segment) * (problem.length + 3));
      }
      const PackedMatrix b = pack_matrix(simd.gemm, k, problem.n, [&](std::int64_t i, std::int64_t j) {
        return w.data()[i * problem.n + j];
      });
      const std::int64_t ldc = problem.n + 2;
      std::vector<float> c(static_cast<std::size_t>(problem.m * ldc), 77.0f);
      GemmRows from;
      from.rows = rows.data();
      from.row_stride = problem.segments;
      from.m = problem.m;
      from.segments = problem.segments;
      from.length = problem.length;
      from.offset = 2;
      GemmOutput to;
      to.c = c.data();
      to.ldc = ldc;
      to.bias = bias.data();
      multiply(simd, b, from, to);
      double worst = 0;
      for (std::int64_t i = 0; i < problem.m; ++i)
        for (std::int64_t j = 0; j < ldc; ++j) {
          const double actual = c[static_cast<std::size_t>(i * ldc + j)];
          if (j >= problem.n) {
            CHECK(actual == 77.0);  // nothing is written beside the columns
            continue;
          }
          double expected = bias.data()[j];
          for (std::int64_t p = 0; p < k; ++p)
            expected += double{rows[static_cast<std::size_t>(i * problem.segments + p / problem.length)]
                                   [2 + p % problem.length]} *
                        w.data()[p * problem.n + j];
          worst = std::max(worst, std::abs(actual - expected));
        }
      INFO(std::string(name_of(isa)) << " m " << problem.m << " k " << k << " n " << problem.n);
      CHECK(worst <= 1e-5 * (1 + std::sqrt(static_cast<double>(k))));
    }
  }
}

TEST_CASE("gemm: a row's result does not depend on the tile it is in") {
  tests::Random random(122);
  constexpr std::int64_t kRows = 29, kLength = 700, kColumns = 83;
  const Tensor a = random.tensor({kRows, kLength});
  const Tensor w = random.tensor({kLength, kColumns});
  for (const Isa isa : available_isas()) {
    const SimdKernels simd = simd_kernels(isa);
    const PackedMatrix b = pack_matrix(simd.gemm, kLength, kColumns, [&](std::int64_t i, std::int64_t j) {
      return w.data()[i * kColumns + j];
    });
    std::vector<const float*> rows;
    for (std::int64_t i = 0; i < kRows; ++i) rows.push_back(a.data() + i * kLength);
    const auto product = [&](std::int64_t tile) {
      std::vector<float> c(kRows * kColumns, std::numeric_limits<float>::quiet_NaN());
      for (std::int64_t i = 0; i < kRows; i += tile)
        for (std::int64_t panel = 0; panel < b.panels(); ++panel) {
          GemmRows from;
          from.rows = rows.data() + i;
          from.m = std::min(tile, kRows - i);
          from.length = kLength;
          GemmOutput to;
          to.c = c.data() + i * kColumns;
          to.ldc = kColumns;
          multiply(simd, b, from, to, panel, panel + 1);
        }
      return c;
    };
    const std::vector<float> whole = product(kRows);
    for (const std::int64_t tile : {1, 2, 3, 5, 7, 12, 13}) CHECK(product(tile) == whole);
  }
}

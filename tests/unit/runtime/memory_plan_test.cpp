#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "core/buffer.hpp"
#include "pliant/error.hpp"
#include "runtime/engine/memory_plan.hpp"

using namespace pliant::runtime;

TEST_CASE("memory plan: blocks that live together never overlap") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<Block> blocks(1 + random() % 40);
    std::size_t sum = 0;
    for (Block& b : blocks) {
      b.bytes = random() % 5 == 0 ? 0 : random() % 5000;
      b.first = static_cast<int>(random() % 20);
      b.last = b.first + static_cast<int>(random() % 8);
      sum += pliant::core::align_up(b.bytes);
    }
    const MemoryPlan plan = plan_memory(blocks);
    CHECK(plan.bytes <= sum);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      REQUIRE(plan.offsets[i] % pliant::core::kAlignment == 0);
      REQUIRE(plan.offsets[i] + blocks[i].bytes <= plan.bytes);
      for (std::size_t j = 0; j < i; ++j) {
        if (blocks[i].last < blocks[j].first || blocks[j].last < blocks[i].first) continue;
        const bool apart = plan.offsets[i] + blocks[i].bytes <= plan.offsets[j] ||
                           plan.offsets[j] + blocks[j].bytes <= plan.offsets[i];
        REQUIRE(apart);
      }
    }
  }
}

TEST_CASE("memory plan: a chain needs two blocks") {
  std::vector<Block> chain;
  for (int i = 0; i < 10; ++i) chain.push_back({1024, i, i + 1});
  CHECK(plan_memory(chain).bytes == 2048);
}

TEST_CASE("memory plan: overflow is an error") {
  const std::size_t huge = std::numeric_limits<std::size_t>::max() / 3;
  CHECK_THROWS_AS(plan_memory(std::vector<Block>{{huge, 0, 1}}), pliant::Error);
  CHECK_THROWS_AS(plan_memory(std::vector<Block>{{huge / 2, 0, 1}, {huge / 2, 3, 4}, {huge / 2, 3, 4}}),
                  pliant::Error);
}

#include "runtime/engine/memory_plan.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/buffer.hpp"
#include "pliant/error.hpp"

namespace pliant::runtime {

MemoryPlan plan_memory(std::span<const Block> blocks) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 4;
  std::size_t sum = 0;
  for (const Block& block : blocks) {
    if (block.bytes > kMost || sum > kMost - block.bytes)
      throw Error(ErrorCode::kOutOfMemory,
                  "the input is too large: the sizes of its intermediate values overflow");
    sum += core::align_up(block.bytes);
  }

  std::vector<std::size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return blocks[a].bytes > blocks[b].bytes; });

  MemoryPlan plan;
  plan.offsets.resize(blocks.size());
  std::vector<std::size_t> placed;  // sorted by offset
  for (const std::size_t i : order) {
    std::size_t offset = 0;
    const std::size_t bytes = core::align_up(blocks[i].bytes);
    for (const std::size_t other : placed) {
      if (blocks[other].last < blocks[i].first || blocks[i].last < blocks[other].first) continue;
      if (offset + bytes <= plan.offsets[other]) break;
      offset = std::max(offset, plan.offsets[other] + core::align_up(blocks[other].bytes));
    }
    plan.offsets[i] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes);
    const auto at =
        std::upper_bound(placed.begin(), placed.end(), offset,
                         [&plan](std::size_t value, std::size_t b) { return value < plan.offsets[b]; });
    placed.insert(at, i);
  }
  return plan;
}

}  // namespace pliant::runtime

// Where each block of the arena lies: a pure function of sizes and lifetimes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pliant::runtime {

/// A block that is in use from step `first` to step `last`, both included.
struct Block {
  std::size_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct MemoryPlan {
  std::vector<std::size_t> offsets;  ///< of each block, multiples of core::kAlignment
  std::size_t bytes = 0;             ///< of the whole arena
};

/// Largest first, each at the lowest offset that is free during its lifetime. No two blocks that live at the
/// same step overlap. Throws kOutOfMemory where the sum overflows.
MemoryPlan plan_memory(std::span<const Block> blocks);

}  // namespace pliant::runtime

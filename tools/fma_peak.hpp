// The most multiply-adds a second that the machine reaches: what a kernel can be measured by.
#pragma once

namespace pliant::tools {

/// GFLOP/s of `threads` threads together, a multiply-add counted as two operations: independent chains of
/// vector multiply-adds in registers, no memory, in the widest vectors and the next. The machine's speed
/// changes from minute to minute, so it is measured beside what it is compared with. Takes some 20 ms.
double fma_peak_gflops(int threads);

}  // namespace pliant::tools

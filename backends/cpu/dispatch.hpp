// Which instruction set the kernels use. A choice of a session, not of the process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/cpu/simd/kernels.hpp"

namespace pliant::backends::cpu {

/// "avx512": the name in SessionOptions::target and PLIANT_TARGET.
std::string_view name_of(Isa isa);

/// What this build and this machine both have, the best first. Never empty.
std::vector<Isa> available_isas();

/// The set of the given name; empty = the environment's PLIANT_TARGET, or else the best there is. Throws
/// kInvalidArgument for names that are unknown or not available here.
Isa choose_isa(std::string_view wanted);

/// "avx512, avx2, sse4, scalar"
std::string list_isas();

/// The kernels of an available set.
SimdKernels simd_kernels(Isa isa);

}  // namespace pliant::backends::cpu

// The loop that runs a plan.
#pragma once

#include <atomic>

#include "runtime/engine/plan.hpp"

namespace pliant::runtime {

/// Runs all steps of a bound plan. Throws kCancelled before the next step once `cancelled` is set. With
/// `profile` each step's time is added to it.
void execute(Plan& plan, backends::Context& context, const std::atomic<bool>& cancelled, bool profile);

}  // namespace pliant::runtime

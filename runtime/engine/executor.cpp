#include "runtime/engine/executor.hpp"

#include <algorithm>
#include <chrono>

#include "pliant/error.hpp"

namespace pliant::runtime {
namespace {

void run_measured(Step& step, std::byte* workspace, backends::Context& context) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  step.prepared->run(step.inputs, step.outputs, workspace);
  context.synchronize();
  const std::int64_t ns = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
  step.min_ns = step.runs == 0 ? ns : std::min(step.min_ns, ns);
  step.total_ns += ns;
  ++step.runs;
}

class RunScope {
 public:
  explicit RunScope(backends::Context& context) : context_(context) { context_.begin_run(); }
  ~RunScope() { context_.end_run(); }
  RunScope(const RunScope&) = delete;
  RunScope& operator=(const RunScope&) = delete;

 private:
  backends::Context& context_;
};

}  // namespace

void execute(Plan& plan, backends::Context& context, const std::atomic<bool>& cancelled, bool profile) {
  const RunScope scope(context);
  for (Step& step : plan.steps()) {
    if (cancelled.load(std::memory_order_relaxed))
      throw Error(ErrorCode::kCancelled, "the run was cancelled");
    std::byte* workspace = plan.arena() + step.workspace_offset;
    if (profile)
      run_measured(step, workspace, context);
    else
      step.prepared->run(step.inputs, step.outputs, workspace);
  }
  context.synchronize();
}

}  // namespace pliant::runtime

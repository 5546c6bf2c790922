#include "pliant/session.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <list>
#include <optional>

#include "backends/registry.hpp"
#include "core/format.hpp"
#include "core/thread_pool.hpp"
#include "pliant/error.hpp"
#include "runtime/engine/arena.hpp"
#include "runtime/engine/executor.hpp"
#include "runtime/engine/plan.hpp"

namespace pliant {

using runtime::Plan;

namespace {

constexpr int kMostThreads = 1024;

int checked_threads(int threads) {
  if (threads < 0 || threads > kMostThreads)
    throw Error(ErrorCode::kInvalidArgument, core::message("threads is ", threads, ", expected 1 to ",
                                                           kMostThreads, ", or 0 for all CPUs"));
  return threads > 0 ? threads : core::available_cpus();
}

bool rewrites_wanted() {
  // For experiments: PLIANT_REWRITES=off runs the graph as it is in the file.
  const char* value = std::getenv("PLIANT_REWRITES");
  return value == nullptr || std::string_view(value) != "off";
}

std::size_t find_port(const std::vector<PortInfo>& ports, std::string_view name, std::string_view kind) {
  std::string names;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].name == name) return i;
    names += (i == 0 ? "'" : ", '") + ports[i].name + "'";
  }
  throw Error(ErrorCode::kInvalidArgument,
              core::message("the model has no ", kind, " '", name, "'; it has ", names));
}

void check_index(const std::vector<PortInfo>& ports, std::size_t index, std::string_view kind) {
  if (index >= ports.size())
    throw Error(ErrorCode::kInvalidArgument,
                core::message("the model has no ", kind, " ", index, "; it has ", ports.size()));
}

std::string expected_shape(const PortInfo& port) {
  std::string text;
  for (std::size_t i = 0; i < port.shape.size(); ++i) {
    if (i > 0) text += 'x';
    if (port.shape[i] >= 0)
      text += std::to_string(port.shape[i]);
    else
      text += port.multiple_of[i] > 1 ? "(" + std::to_string(port.multiple_of[i]) + "*n)" : "n";
  }
  return text;
}

void check_shape(const PortInfo& port, const Shape& shape) {
  const auto fail = [&](const std::string& why) {
    throw Error(ErrorCode::kInvalidArgument,
                core::message("input '", port.name, "' has shape ", shape.to_string(), ", expected ",
                              expected_shape(port), ": ", why));
  };
  if (static_cast<std::size_t>(shape.rank()) != port.shape.size())
    fail(core::message("rank ", shape.rank(), " instead of ", port.shape.size()));
  for (int i = 0; i < shape.rank(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (shape[i] < 1) fail(core::message("dimension ", i, " is empty"));
    if (port.shape[at] >= 0 && shape[i] != port.shape[at])
      fail(core::message("dimension ", i, " is ", shape[i], " instead of ", port.shape[at]));
    if (shape[i] % port.multiple_of[at] != 0)
      fail(core::message("dimension ", i, " is ", shape[i], ", which is not a multiple of ",
                         port.multiple_of[at]));
  }
  shape.elements();
}

}  // namespace

struct Session::Impl {
  Impl(const Model& model_in, const SessionOptions& options_in)
      : model(model_in),
        options(options_in),
        threads(checked_threads(options_in.threads)),
        backend(backends::find(options_in.device)),
        context(backend.make_context({threads, options_in.target, options_in.device.index})),
        device_name(context->description()),
        rewritten(rewrites_wanted()),
        compiled(model_in.data()->compiled(backend, rewritten)),
        arena(*context),
        inputs(model_in.inputs().size()) {
    if (options.cached_plans < 1)
      throw Error(ErrorCode::kInvalidArgument,
                  core::message("cached_plans is ", options.cached_plans, ", expected 1 or more"));
  }

  void log(const std::string& line) const {
    if (options.log) options.log(line);
  }

  std::unique_ptr<Plan> make_plan(std::span<const Shape> shapes) {
    if (rewritten) {
      try {
        return std::make_unique<Plan>(compiled, shapes, *context);
      } catch (const Error& e) {
        // A rewrite may have taken equal shapes for granted that are not equal at this size: the graph as it
        // was in the file then decides, and its message is the better one, too.
        if (e.code() != ErrorCode::kInvalidArgument) throw;
      }
      auto plan = std::make_unique<Plan>(model.data()->compiled(backend, false), shapes, *context);
      log("this input shape runs without graph rewrites");
      return plan;
    }
    return std::make_unique<Plan>(compiled, shapes, *context);
  }

  /// The plan for these shapes, from the cache or new; it becomes the most recent one.
  Plan& plan_for(std::span<const Shape> shapes) {
    const auto found = std::find_if(plans.begin(), plans.end(), [&](const std::unique_ptr<Plan>& plan) {
      return std::equal(shapes.begin(), shapes.end(), plan->input_shapes().begin(),
                        plan->input_shapes().end());
    });
    if (found != plans.end()) {
      plans.splice(plans.begin(), plans, found);
      return *plans.front();
    }
    std::unique_ptr<Plan> plan = make_plan(shapes);
    if (plans.size() >= static_cast<std::size_t>(options.cached_plans)) plans.pop_back();
    plans.push_front(std::move(plan));
    return *plans.front();
  }

  /// The shapes of all inputs, in memory that is kept: a warm run allocates nothing.
  std::span<const Shape> checked_input_shapes() {
    input_shapes.clear();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i])
        throw Error(ErrorCode::kInvalidArgument, core::message("input '", model.inputs()[i].name,
                                                               "' is not set; call set_input before run"));
      input_shapes.push_back(inputs[i]->shape);
    }
    return input_shapes;
  }

  /// Points `plan`, the most recent one, into an arena that is large enough.
  void bind(Plan& plan) {
    std::size_t needed = 0;
    for (const auto& cached : plans) needed = std::max(needed, cached->arena_bytes());
    try {
      if (arena.resize(needed)) log(core::message("arena: ", needed >> 10, " KiB"));
    } catch (...) {
      plans.pop_front();  // or no later run would fit either
      throw;
    }
    if (plan.arena() != arena.data()) plan.bind(arena.data());
  }

  void pass_inputs(Plan& plan) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const ConstTensorView& given = *inputs[i];
      const bool same_order = given.shape.rank() != 4 || given.layout == Layout::kNHWC || given.shape[1] == 1;
      if (same_order && context->arena_is_host_memory() && !is_output(i)) {
        plan.bind_input(i, given.data);
      } else {
        plan.bind_input(i, nullptr);
        context->upload(given, plan.input_view(i));
      }
    }
  }

  /// An input that is handed on as an output must lie in the arena, where it can be lent.
  bool is_output(std::size_t input) const {
    const runtime::Graph& graph = compiled->graph;
    return std::any_of(graph.outputs.begin(), graph.outputs.end(),
                       [&](const runtime::Port& port) { return port.value == graph.inputs[input].value; });
  }

  ConstTensorView last_output(std::size_t index) const {
    check_index(model.outputs(), index, "output");
    if (last == nullptr) throw Error(ErrorCode::kInvalidArgument, "there is no output yet; call run first");
    return last->output_view(index);
  }

  Model model;
  SessionOptions options;
  int threads;
  const backends::Backend& backend;
  std::unique_ptr<backends::Context> context;
  std::string device_name;
  bool rewritten;
  std::shared_ptr<runtime::CompiledGraph> compiled;
  runtime::Arena arena;
  std::vector<std::optional<ConstTensorView>> inputs;
  std::vector<Shape> input_shapes;
  std::list<std::unique_ptr<Plan>> plans;  // most recent first
  Plan* last = nullptr;                    // of the last successful run
  std::atomic<bool> cancelled{false};
};

Session::Session(const Model& model, const SessionOptions& options)
    : impl_(std::make_unique<Impl>(model, options)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

const Model& Session::model() const noexcept { return impl_->model; }
int Session::threads() const noexcept { return impl_->threads; }
const std::string& Session::device_name() const noexcept { return impl_->device_name; }

void Session::set_input(std::size_t index, const ConstTensorView& value) {
  check_index(impl_->model.inputs(), index, "input");
  check_shape(impl_->model.inputs()[index], value.shape);
  if (value.data == nullptr)
    throw Error(ErrorCode::kInvalidArgument, core::message("input '", impl_->model.inputs()[index].name,
                                                           "' has no elements (null pointer)"));
  impl_->inputs[index] = value;
}

void Session::set_input(std::string_view name, const ConstTensorView& value) {
  set_input(find_port(impl_->model.inputs(), name, "input"), value);
}

void Session::run() {
  Impl& impl = *impl_;
  impl.cancelled = false;
  impl.last = nullptr;
  Plan& plan = impl.plan_for(impl.checked_input_shapes());
  impl.bind(plan);
  impl.pass_inputs(plan);
  runtime::execute(plan, *impl.context, impl.cancelled, impl.options.profile);
  impl.last = &plan;
}

Tensor Session::output(std::size_t index, Layout layout) const {
  const ConstTensorView view = impl_->last_output(index);
  Tensor result(view.shape, layout);
  impl_->context->download(view, result.view());
  return result;
}

Tensor Session::output(std::string_view name, Layout layout) const {
  return output(find_port(impl_->model.outputs(), name, "output"), layout);
}

ConstTensorView Session::output_view(std::size_t index) const {
  if (!impl_->context->arena_is_host_memory())
    throw Error(ErrorCode::kUnsupported, "output_view: the device's memory cannot be lent; use output");
  return impl_->last_output(index);
}

std::vector<Tensor> Session::run(std::span<const ConstTensorView> inputs) {
  if (inputs.size() != impl_->model.inputs().size())
    throw Error(ErrorCode::kInvalidArgument,
                core::message("run: ", inputs.size(), " inputs were given, the model has ",
                              impl_->model.inputs().size()));
  for (std::size_t i = 0; i < inputs.size(); ++i) set_input(i, inputs[i]);
  run();
  std::vector<Tensor> outputs;
  for (std::size_t i = 0; i < impl_->model.outputs().size(); ++i) outputs.push_back(output(i));
  return outputs;
}

PlanSummary Session::describe(std::span<const Shape> inputs) {
  if (inputs.size() != impl_->model.inputs().size())
    throw Error(ErrorCode::kInvalidArgument,
                core::message("describe: ", inputs.size(), " shapes were given, the model has ",
                              impl_->model.inputs().size(), " inputs"));
  for (std::size_t i = 0; i < inputs.size(); ++i) check_shape(impl_->model.inputs()[i], inputs[i]);
  return impl_->make_plan(inputs)->describe();
}

std::vector<LayerTime> Session::profile() const {
  std::vector<LayerTime> times;
  if (!impl_->options.profile || impl_->last == nullptr) return times;
  for (const runtime::Step& step : impl_->last->steps())
    times.push_back({times.size(), step.runs, static_cast<double>(step.total_ns) * 1e-6,
                     static_cast<double>(step.min_ns) * 1e-6});
  return times;
}

void Session::reset_profile() {
  for (const auto& plan : impl_->plans)
    for (runtime::Step& step : plan->steps()) step.runs = 0, step.total_ns = 0, step.min_ns = 0;
}

void Session::trim() {
  impl_->last = nullptr;
  impl_->plans.clear();
  impl_->arena.release();
}

std::size_t Session::arena_bytes() const noexcept { return impl_->arena.bytes(); }

void Session::cancel() noexcept { impl_->cancelled = true; }

}  // namespace pliant

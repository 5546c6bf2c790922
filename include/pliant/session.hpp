// Runs a model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pliant/device.hpp"
#include "pliant/export.hpp"
#include "pliant/model.hpp"
#include "pliant/tensor.hpp"

namespace pliant {

/// Receives one line without a newline. May be called from the thread that uses the session.
using LogFunction = std::function<void(std::string_view)>;

struct SessionOptions {
  Device device = {};
  /// Threads that compute, the caller's included; 0 = as many as the process may run on. Honoured to the
  /// letter.
  int threads = 0;
  /// CPU instruction set: "scalar", "sse4", "avx2", "avx512", "neon", "sve"; empty = PLIANT_TARGET or the
  /// best there is.
  std::string target = {};
  /// Plans kept for input shapes used last; at least 1.
  int cached_plans = 4;
  /// Measure each layer (Session::profile).
  bool profile = false;
  LogFunction log = {};
};

/// One operation as it is run, after the graph rewrites.
struct LayerSummary {
  std::string name;       ///< of the node
  std::string layer;      ///< "conv2d", ...
  std::string algorithm;  ///< the backend's word for what it chose
  std::string details;    ///< its attributes for people: "3x3 s2 p1, offsets flat_prefix"; may be empty
  std::vector<Shape> inputs;
  std::vector<Shape> outputs;
  std::uint64_t parameters = 0;
  std::uint64_t macs = 0;   ///< multiply-accumulates
  std::uint64_t bytes = 0;  ///< read and written once: inputs, outputs, weights
};

/// What running certain input shapes takes.
struct PlanSummary {
  std::vector<LayerSummary> layers;
  std::vector<Shape> outputs;
  std::uint64_t macs = 0;
  std::uint64_t parameters = 0;
  std::uint64_t arena_bytes = 0;          ///< intermediate values and workspace
  std::uint64_t packed_weight_bytes = 0;  ///< packed so far, shared by the sessions of a model and device
};

/// Time of one layer over the runs since the session began or profile was reset.
struct LayerTime {
  std::size_t layer = 0;  ///< index into PlanSummary::layers
  std::uint64_t runs = 0;
  double total_ms = 0;
  double min_ms = 0;
};

/// One caller at a time (cancel excepted); several sessions may run at once, also of one model. A forked
/// child may not use its parent's sessions.
class PLIANT_API Session {
 public:
  /// Throws kUnsupported where the device or a layer is not available, kInvalidArgument for bad options.
  explicit Session(const Model& model, const SessionOptions& options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  const Model& model() const noexcept;
  int threads() const noexcept;
  /// "cpu (avx512, 2 threads)".
  const std::string& device_name() const noexcept;

  /// Sets an input for the following runs. The elements are borrowed: they must live and stay unchanged until
  /// the run ends. Rank-4 input may come in either layout. Throws kInvalidArgument where the shape does not
  /// fit the port.
  void set_input(std::size_t index, const ConstTensorView& value);
  void set_input(std::string_view name, const ConstTensorView& value);

  /// Computes all outputs from the inputs set. Throws kInvalidArgument for a missing input or shapes that do
  /// not fit each other, kOutOfMemory, kCancelled. After an error the session can be used again.
  void run();

  /// A copy of an output of the last run, in the layout asked for.
  Tensor output(std::size_t index, Layout layout = Layout::kNCHW) const;
  Tensor output(std::string_view name, Layout layout = Layout::kNCHW) const;
  /// Lends an output in the runtime's own layout (NHWC at rank 4) until the next run, trim() or the session's
  /// end.
  ConstTensorView output_view(std::size_t index) const;

  /// The convenience of one call: sets all inputs, runs, copies all outputs (NCHW).
  std::vector<Tensor> run(std::span<const ConstTensorView> inputs);

  /// Plans for these input shapes (without running) and describes the plan.
  PlanSummary describe(std::span<const Shape> inputs);

  /// Times of the last plan's layers; empty without SessionOptions::profile.
  std::vector<LayerTime> profile() const;
  void reset_profile();

  /// Gives back the arena and all plans; the next run makes them anew.
  void trim();
  /// Bytes of the arena at present.
  std::size_t arena_bytes() const noexcept;

  /// From any thread: the run in progress ends with kCancelled before its next layer. Without a run it does
  /// nothing.
  void cancel() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pliant

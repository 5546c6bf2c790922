// The kernel contract: all that the runtime knows of a backend.
//
//   Backend --make_kernel(layer, weights)--> Kernel          once a node, shared by the sessions of a model
//   and device Kernel  --prepare(shapes, context, packs)--> Prepared    once an input shape and session
//   Prepared::run(inputs, outputs, workspace)                 every run; no allocation, no locks
//
// Rank-4 views are NHWC in memory (their shapes are in NCHW order all the same), other ranks are row-major.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/pack_cache.hpp"
#include "layers/layer.hpp"
#include "pliant/device.hpp"
#include "pliant/tensor.hpp"

namespace pliant::backends {

struct ContextOptions {
  int threads = 1;     ///< of CPU kernels, the caller's included
  std::string target;  ///< instruction set; empty = the best there is
  int device_index = 0;
};

/// What a session owns of a backend: threads and instruction set on a CPU, a stream on a GPU. Used by one
/// thread at a time.
class Context {
 public:
  virtual ~Context() = default;
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// "cpu (avx512, 2 threads)"
  virtual std::string description() const = 0;

  /// The arena. Aligned to core::kAlignment at least. Throws kOutOfMemory.
  virtual std::byte* allocate(std::size_t bytes) = 0;
  virtual void deallocate(std::byte* memory) noexcept = 0;

  /// Host to arena; `to` is in the backend's layout.
  virtual void upload(const ConstTensorView& from, const TensorView& to) = 0;
  /// Arena to host.
  virtual void download(const ConstTensorView& from, const TensorView& to) = 0;
  /// Whether host code may read the arena, so that outputs can be lent and host inputs used in place.
  virtual bool arena_is_host_memory() const noexcept = 0;
  /// Around the kernels of one run: threads may stay awake between them. end_run follows errors, too.
  virtual void begin_run() noexcept {}
  virtual void end_run() noexcept {}
  /// Returns when all that was started is done. Asynchronous errors are thrown here.
  virtual void synchronize() = 0;
};

/// A kernel that knows its shapes. Immutable; belongs to one session.
class Prepared {
 public:
  virtual ~Prepared() = default;

  /// What was chosen, for people: "direct 3x3 avx512".
  virtual std::string algorithm() const = 0;
  /// Scratch memory for run, aligned to core::kAlignment; its content is not kept between runs.
  virtual std::size_t workspace_bytes() const { return 0; }
  /// Index of the input whose memory output 0 may share, or -1. The executor then may (not must) pass equal
  /// pointers.
  virtual int in_place_input() const { return -1; }

  virtual void run(std::span<const ConstTensorView> inputs, std::span<const TensorView> outputs,
                   std::byte* workspace) const = 0;
};

struct PrepareArguments {
  std::span<const Shape> inputs;
  std::span<const Shape> outputs;
  Context& context;  ///< outlives the Prepared
  PackCache& packs;
};

/// One node's layer with its weights. Immutable; the choice of algorithm is a pure function of shapes,
/// attributes, instruction set and build.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual std::unique_ptr<Prepared> prepare(const PrepareArguments& arguments) const = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const = 0;
  /// False for a deliberate gap. Planning names all gaps at once.
  virtual bool supports(const layers::Layer& layer) const = 0;
  /// Whether the layer's kernel can take this epilogue; rewrites ask before they fuse.
  virtual bool fuses(const layers::Layer& layer, const layers::Epilogue& epilogue) const = 0;
  /// Whether the convolution, with a weight of this shape, had better pool its result itself
  /// (layers::Conv2d::pool); rewrites ask before they fuse.
  virtual bool pools(const layers::Conv2d& layer, const layers::MaxPool2d& pool,
                     const Shape& weight) const = 0;
  /// The context's weights outlive the kernel.
  virtual std::unique_ptr<Kernel> make_kernel(const layers::Layer& layer,
                                              const layers::NodeContext& context) const = 0;
  virtual std::unique_ptr<Context> make_context(const ContextOptions& options) const = 0;
};

}  // namespace pliant::backends

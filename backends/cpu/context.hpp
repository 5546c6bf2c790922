// What a session owns on a CPU: its threads and its instruction set.
#pragma once

#include "backends/backend.hpp"
#include "backends/cpu/dispatch.hpp"
#include "core/thread_pool.hpp"

namespace pliant::backends::cpu {

/// Who multiplies large matrices.
enum class GemmChoice { kNative, kOpenblas };

/// How 3x3 convolutions are computed.
enum class Conv2dChoice { kAuto, kGemm, kWinograd4, kWinograd6 };

class CpuContext final : public Context {
 public:
  /// Reads PLIANT_TARGET, PLIANT_GEMM and PLIANT_CONV2D. Throws kInvalidArgument for bad options.
  explicit CpuContext(const ContextOptions& options);

  std::string description() const override;
  std::byte* allocate(std::size_t bytes) override;
  void deallocate(std::byte* memory) noexcept override;
  void upload(const ConstTensorView& from, const TensorView& to) override;
  void download(const ConstTensorView& from, const TensorView& to) override;
  bool arena_is_host_memory() const noexcept override { return true; }
  void begin_run() noexcept override { pool_.begin_run(); }
  void end_run() noexcept override { pool_.end_run(); }
  void synchronize() override {}

  /// Used by run alone: one caller at a time.
  core::ThreadPool& pool() const noexcept { return pool_; }
  int threads() const noexcept { return pool_.threads(); }
  Isa isa() const noexcept { return isa_; }
  const SimdKernels& simd() const noexcept { return simd_; }
  GemmChoice gemm() const noexcept { return gemm_; }
  Conv2dChoice conv2d() const noexcept { return conv2d_; }

 private:
  Isa isa_;
  SimdKernels simd_;
  GemmChoice gemm_;
  Conv2dChoice conv2d_;
  mutable core::ThreadPool pool_;
};

}  // namespace pliant::backends::cpu

#include "layers/linear.hpp"

#include "backends/cpu/gemm.hpp"
#include "backends/cpu/kernel.hpp"
#include "backends/cpu/parallel.hpp"
#include "backends/cpu/permuted_copy.hpp"
#include "core/format.hpp"

namespace pliant::backends::cpu {
namespace {

class PreparedLinear final : public Prepared {
 public:
  PreparedLinear(const layers::Linear& layer, Weights weights, const PrepareArguments& arguments)
      : context_(cpu_context(arguments)),
        bias_(weight_data(weights, layer.bias)),
        unpack_(PermutedCopy::to_row_major(arguments.inputs[0])),
        pack_(PermutedCopy::from_row_major(arguments.outputs[0])) {
    const Shape& shape = weight_shape(weights, layer.weight);
    n_ = shape[0];
    k_ = shape[1];
    m_ = arguments.inputs[0].elements() / k_;
    packed_ = pack(layer, weight_data(weights, layer.weight), arguments.packs);
    tiling_ = tile_gemm(context_, m_, m_, k_, n_, packed_->panels());

    const auto threads = static_cast<std::int64_t>(context_.threads());
    ScratchLayout scratch;
    pointers_ = scratch.add<const float*>(threads * tiling_.rows);
    x_ = unpack_.is_plain() ? 0 : scratch.add<float>(m_ * k_);
    y_ = pack_.is_plain() ? 0 : scratch.add<float>(m_ * n_);
    workspace_bytes_ = scratch.bytes();
  }

  std::string algorithm() const override {
    return core::message(unpack_.is_plain() ? "gemm " : "transposed gemm ", name_of(context_.isa()));
  }
  std::size_t workspace_bytes() const override { return workspace_bytes_; }

  void run(Inputs inputs, Outputs outputs, std::byte* workspace) const override {
    // The width of a picture, which Linear runs along, is not contiguous in the arena.
    const float* x = inputs[0].data;
    if (!unpack_.is_plain()) {
      auto* row_major = reinterpret_cast<float*>(workspace + x_);
      unpack_.run(context_.pool(), x, row_major);
      x = row_major;
    }
    float* y = pack_.is_plain() ? outputs[0].data : reinterpret_cast<float*>(workspace + y_);
    multiply_rows(x, y, reinterpret_cast<const float**>(workspace + pointers_));
    if (!pack_.is_plain()) pack_.run(context_.pool(), y, outputs[0].data);
  }

 private:
  std::shared_ptr<const PackedMatrix> pack(const layers::Linear& layer, const float* weight,
                                           PackCache& packs) const {
    return packs.get<PackedMatrix>({layer.weight.index, gemm_form(context_) + " linear"}, [&] {
      auto packed = std::make_shared<PackedMatrix>(
          pack_matrix(context_, k_, n_, [&](std::int64_t k, std::int64_t n) { return weight[n * k_ + k]; }));
      const std::size_t bytes = packed->bytes();
      return std::pair{std::shared_ptr<const PackedMatrix>(std::move(packed)), bytes};
    });
  }

  void multiply_rows(const float* x, float* y, const float** pointers) const {
    if (m_ == 0) return;
    const std::int64_t panels = ceil_div(packed_->panels(), tiling_.panel_tiles);
    context_.pool().parallel_for(
        tiling_.row_tiles * tiling_.panel_tiles, [&](std::int64_t index, int thread) {
          const std::int64_t begin = index / tiling_.panel_tiles * tiling_.rows;
          const std::int64_t panel = index % tiling_.panel_tiles * panels;
          const float** rows = pointers + thread * tiling_.rows;
          GemmRows a;
          a.m = std::min(m_, begin + tiling_.rows) - begin;
          for (std::int64_t i = 0; i < a.m; ++i) rows[i] = x + (begin + i) * k_;
          a.rows = rows;
          a.length = k_;
          GemmOutput out;
          out.c = y + begin * n_;
          out.ldc = n_;
          out.bias = bias_;
          multiply(context_.simd(), *packed_, a, out, panel, std::min(packed_->panels(), panel + panels));
        });
  }

  const CpuContext& context_;
  const float* bias_;
  PermutedCopy unpack_;
  PermutedCopy pack_;
  std::int64_t m_ = 0, k_ = 0, n_ = 0;
  std::shared_ptr<const PackedMatrix> packed_;
  GemmTiling tiling_;
  std::size_t pointers_ = 0, x_ = 0, y_ = 0;
  std::size_t workspace_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(const layers::Linear& layer, const layers::NodeContext& context) {
  return std::make_unique<LayerKernel<layers::Linear, PreparedLinear>>(layer, context);
}

}  // namespace pliant::backends::cpu

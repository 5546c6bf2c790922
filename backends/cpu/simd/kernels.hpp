// The functions that exist once an instruction set: a tile or a row a call, so that the indirect call costs
// nothing. Each simd/*.cpp is compiled for every target and hands out its group.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pliant::backends::cpu {

enum class Isa { kScalar, kSse4, kAvx2, kAvx512, kNeon, kSve };

/// y = v * clamp(v + 3, 0, 6) * sixth + shift: the activation, scaled and shifted.
struct HardswishNumbers {
  float sixth = 1.0f / 6;
  float shift = 0;
};

// ---- gemm.cpp

/// Rows of a micro-kernel's instances, ascending; a kernel with more rows than are left repeats the last row.
inline constexpr std::array<int, 6> kMicroRows{1, 2, 4, 6, 8, 12};
/// Most vectors a panel of B is wide.
inline constexpr int kMostPanelVectors = 4;

/// A tile of at most MR rows and one panel of columns:
/// C[i][j] (+)= sum over segments s and k of rows[i * row_stride + s][offset + k] * B[s * length + k][j],
/// summed in this order, whatever the tile is; then bias, residual and activation where they are given.
struct MicroTile {
  const float* const* rows = nullptr;  ///< `m` times `row_stride` pointers
  std::ptrdiff_t row_stride = 0;       ///< pointers from one row to the next
  std::int64_t segments = 0;
  std::int64_t offset = 0;   ///< into each segment, in floats
  std::int64_t length = 0;   ///< floats of each segment
  const float* b = nullptr;  ///< panel: [segments * length][panel width]
  float* c = nullptr;
  std::ptrdiff_t ldc = 0;
  int m = 0;                    ///< valid rows, 1 to MR
  int n = 0;                    ///< valid columns, 1 to the panel's width
  bool accumulate = false;      ///< begin with C instead of 0
  const float* bias = nullptr;  ///< n floats
  const float* residual = nullptr;
  std::ptrdiff_t ldr = 0;
  bool relu = false;
  const HardswishNumbers* hardswish = nullptr;
  const float* next_b = nullptr;  ///< what later tiles read: fetched into the second-level cache meanwhile
  std::int64_t next_floats = 0;
};

using MicroKernel = void (*)(const MicroTile& tile);

struct GemmKernels {
  int vector = 0;         ///< floats of one vector
  int panel_vectors = 0;  ///< widest panel of B, in vectors
  /// [vectors of the panel - 1][index into kMicroRows]; null above the registers' capacity.
  std::array<std::array<MicroKernel, kMicroRows.size()>, kMostPanelVectors> micro{};
};

// ---- element.cpp: rows of n floats; y may be one of the inputs

struct ElementKernels {
  void (*relu)(const float* x, float* y, std::int64_t n) = nullptr;
  void (*sigmoid)(const float* x, float* y, std::int64_t n) = nullptr;
  void (*swish)(const float* x, float* y, std::int64_t n) = nullptr;
  /// With two numbers: those of HardswishNumbers, the slope (and nothing), slope and offset, least and
  /// greatest.
  void (*hardswish)(const float* x, float sixth, float shift, float* y, std::int64_t n) = nullptr;
  void (*leaky_relu)(const float* x, float slope, float, float* y, std::int64_t n) = nullptr;
  void (*hardsigmoid)(const float* x, float slope, float offset, float* y, std::int64_t n) = nullptr;
  void (*clamp)(const float* x, float least, float greatest, float* y, std::int64_t n) = nullptr;
  void (*add)(const float* a, const float* b, float* y, std::int64_t n) = nullptr;
  void (*sub)(const float* a, const float* b, float* y, std::int64_t n) = nullptr;
  void (*mul)(const float* a, const float* b, float* y, std::int64_t n) = nullptr;
  void (*div)(const float* a, const float* b, float* y, std::int64_t n) = nullptr;
  void (*add_scalar)(const float* a, float b, float* y, std::int64_t n) = nullptr;
  void (*sub_scalar)(const float* a, float b, float* y, std::int64_t n) = nullptr;
  void (*mul_scalar)(const float* a, float b, float* y, std::int64_t n) = nullptr;
  void (*div_scalar)(const float* a, float b, float* y, std::int64_t n) = nullptr;
  /// y = b - a, b / a
  void (*scalar_sub)(const float* a, float b, float* y, std::int64_t n) = nullptr;
  void (*scalar_div)(const float* a, float b, float* y, std::int64_t n) = nullptr;
  /// y = x * scale + shift
  void (*scale_shift)(const float* x, const float* scale, const float* shift, float* y,
                      std::int64_t n) = nullptr;
};

// ---- sampling.cpp

/// Where a deformable tap reads: four rows of channels (those outside are a row of zeros) and their weights
/// with the mask folded in.
struct SamplePoint {
  const float* corner[4];
  float weight[4];
};

/// Where the points of a deformable convolution lie in one picture, and what their samples are multiplied by.
/// A whole number of vectors is read: behind the last point there must be room for kPlanPadding more.
struct SampleCoordinates {
  const float* y = nullptr;
  const float* x = nullptr;
  const float* mask = nullptr;
  std::int64_t count = 0;
  std::int64_t height = 0, width = 0;  ///< of the picture
  std::int32_t first_pixel = 0;        ///< the index of its first pixel among those of the batch
};
inline constexpr std::int64_t kPlanPadding = 64;  // no vector has more floats

/// What points read: each four pixels of a batch of pictures, -1 where a corner is outside, with the weights.
struct PlannedPoints {
  std::int32_t* corner = nullptr;  ///< [point][4]
  float* weight = nullptr;         ///< [point][4]
};

/// A batch of NHWC pictures to take samples from.
struct SamplePixels {
  const float* data = nullptr;
  const float* zeros = nullptr;  ///< what lies outside: as many zeros as there are channels
  std::int64_t channels = 0;
};

struct SamplingKernels {
  /// y[i * n + c] = sum over point i's corners of weight * corner[offset + c], c in [0, n)
  void (*sample)(const SamplePoint* points, std::int64_t count, std::int64_t offset, std::int64_t n,
                 float* y) = nullptr;
  /// Turns coordinates into points; like them, `to` has room for kPlanPadding more. A point outside of the
  /// picture reads nothing and has the mask for weight, so that it samples 0 * mask; one that is not a number
  /// has no weight either.
  void (*plan)(const SampleCoordinates& at, const PlannedPoints& to) = nullptr;
  /// y[i * n + c] = sum over point i's corners of weight * pixel[offset + c], c in [0, n)
  void (*sample_planned)(const SamplePixels& pixels, const PlannedPoints& points, std::int64_t count,
                         std::int64_t offset, std::int64_t n, float* y) = nullptr;
};

// ---- window.cpp: one output pixel from the rows of channels under a window

struct WindowKernels {
  /// y[c] = max of rows[t][c], NaN where one of them is NaN; count >= 1
  void (*max)(const float* const* rows, std::int64_t count, std::int64_t n, float* y) = nullptr;
  /// y[c] = sum of rows[t][c]; count >= 1
  void (*sum)(const float* const* rows, std::int64_t count, std::int64_t n, float* y) = nullptr;
  /// y[c] = sum of rows[t][c] * weights[t * n + c], plus bias[c] and residual[c], which may be null
  void (*depthwise)(const float* const* rows, std::int64_t count, std::int64_t n, const float* weights,
                    const float* bias, const float* residual, bool relu, float* y) = nullptr;
};

// ---- depthwise.cpp: one row of outputs

/// All rows are contiguous pixels of `channels` floats.
struct DepthwiseRow {
  const float* input = nullptr;  ///< the first row of the picture under the window
  std::ptrdiff_t row = 0;        ///< floats from one row under the window to the next
  std::int64_t rows = 0;         ///< rows under the window that lie in the picture
  std::int64_t width = 0;        ///< pixels of an input row
  std::int64_t padding = 0;      ///< columns of the first window left of the picture
  std::int64_t channels = 0;
  std::int64_t outputs = 0;         ///< pixels
  const float* weights = nullptr;   ///< [rows][kernel width][channels]
  const float* bias = nullptr;      ///< [channels] or null
  const float* residual = nullptr;  ///< laid out as y, or null
  bool relu = false;
  const HardswishNumbers* hardswish = nullptr;
  float* y = nullptr;
};

struct DepthwiseKernels {
  /// [kernel width 3, 5][stride along x 1, 2]; no dilation along x
  std::array<std::array<void (*)(const DepthwiseRow& row), 2>, 2> row{};
};

// ---- reduce.cpp: sums and softmax; NaN is passed on

struct ReduceKernels {
  /// The sum of n floats.
  float (*sum)(const float* x, std::int64_t n) = nullptr;
  /// y[c] = sum over i < count of x[i * stride + c], c in [0, n)
  void (*sum_rows)(const float* x, std::int64_t stride, std::int64_t count, std::int64_t n,
                   float* y) = nullptr;
  /// Softmax of n >= 1 contiguous floats; y may be x.
  void (*softmax_row)(const float* x, float* y, std::int64_t n) = nullptr;
  /// Softmax of n columns, each of count >= 1 floats that are `stride` apart; y may be x.
  void (*softmax_columns)(const float* x, float* y, std::int64_t stride, std::int64_t count,
                          std::int64_t n) = nullptr;
};

// ---- winograd.cpp: tiles of 3x3 convolutions

enum class WinogradTile { kFour, kSix };  ///< 4x4 outputs from 6x6 inputs, 6x6 from 8x8

/// Where a tile's outputs go.
struct WinogradOutput {
  float* y = nullptr;
  const float* residual = nullptr;       ///< laid out as y, or null
  const float* bias = nullptr;           ///< [n] or null
  const std::int64_t* places = nullptr;  ///< of each output pixel, row by row: floats from y, negative = none
  bool relu = false;
};

struct WinogradKernels {
  /// planes[i * plane + c] = i-th value of B^T d B, where d are the tile's pixels, row by row; c in [0, n)
  std::array<void (*)(const float* const* pixels, std::int64_t n, float* planes, std::ptrdiff_t plane), 2>
      input{};
  /// A^T m A, where m are the products planes[i * plane + c], then bias, residual and ReLU
  std::array<void (*)(const float* planes, std::ptrdiff_t plane, std::int64_t n, const WinogradOutput& out),
             2>
      output{};
};

// ---- upsampled.cpp: 3x3 convolutions of maps that are enlarged by nearest neighbours

/// Where the outputs of one source pixel go.
struct UpsampledOutput {
  float* y = nullptr;
  const float* residual = nullptr;  ///< laid out as y, or null
  const float* bias = nullptr;      ///< [n] or null
  std::int64_t n = 0;               ///< channels
  std::int64_t place = 0;           ///< of the first output, floats from y
  std::int64_t row = 0;             ///< floats from one row of outputs to the next
  int factor_h = 2, factor_w = 2;
  bool relu = false;
};

struct UpsampledKernels {
  /// The nine products' inputs from a pixel and its neighbours, row by row: planes[i * plane + c]
  void (*input)(const float* const* pixels, std::int64_t n, float* planes, std::ptrdiff_t plane) = nullptr;
  /// The outputs from the nine products planes[i * plane + c]
  void (*output)(const float* planes, std::ptrdiff_t plane, const UpsampledOutput& out) = nullptr;
};

struct SimdKernels {
  GemmKernels gemm;
  ElementKernels element;
  SamplingKernels sampling;
  WindowKernels window;
  DepthwiseKernels depthwise;
  ReduceKernels reduce;
  WinogradKernels winograd;
  UpsampledKernels upsampled;
};

namespace simd {
/// False where the build has no code for the instruction set.
bool get_gemm_kernels(Isa isa, GemmKernels& kernels);
bool get_element_kernels(Isa isa, ElementKernels& kernels);
bool get_sampling_kernels(Isa isa, SamplingKernels& kernels);
bool get_window_kernels(Isa isa, WindowKernels& kernels);
bool get_depthwise_kernels(Isa isa, DepthwiseKernels& kernels);
bool get_reduce_kernels(Isa isa, ReduceKernels& kernels);
bool get_winograd_kernels(Isa isa, WinogradKernels& kernels);
bool get_upsampled_kernels(Isa isa, UpsampledKernels& kernels);
}  // namespace simd

}  // namespace pliant::backends::cpu

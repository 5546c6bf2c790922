// Input shapes for a model when the user gives a picture's size, or none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pliant/model.hpp"
#include "pliant/tensor.hpp"
#include "tools/numbers.hpp"

namespace pliant::tools {

/// One shape for each input. Dynamic dimensions of an image input (rank 4, NCHW) are filled with `batch` and
/// `size`; without a size it is the short side that the model's pre-processing names, square, where the
/// input's multiple allows it, and 640 x 640 rounded up to the multiple otherwise. Throws UsageError where
/// the model's fixed dimensions contradict the user, and where an input has dynamic dimensions that a
/// picture's size says nothing about.
std::vector<Shape> input_shapes(const Model& model, const std::optional<Size>& size,
                                const std::optional<std::int64_t>& batch);

/// "Nx3xHxW, H a multiple of 32, W a multiple of 32" for a port of a model.
std::string port_text(const PortInfo& port);

/// "1x3x640x640, 1x1x320x320".
std::string shapes_text(const std::vector<Shape>& shapes);

/// The sizes of each shape, for JSON.
std::vector<std::vector<std::int64_t>> sizes_of(const std::vector<Shape>& shapes);

}  // namespace pliant::tools

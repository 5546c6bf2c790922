#include "tools/model_shapes.hpp"

#include <algorithm>
#include <array>

#include "core/format.hpp"
#include "tools/usage_error.hpp"

namespace pliant::tools {
namespace {

constexpr std::int64_t kDefaultSide = 640;
constexpr std::array kAxisNames = {"N", "C", "H", "W"};

std::int64_t default_side(const Model& model, std::int64_t multiple) {
  if (model.preprocess() && model.preprocess()->short_side % multiple == 0)
    return model.preprocess()->short_side;
  return (kDefaultSide + multiple - 1) / multiple * multiple;
}

// `asked`: what the user wants of this dimension, if anything.
std::int64_t dimension(const PortInfo& port, std::size_t axis, const std::optional<std::int64_t>& asked,
                       std::int64_t otherwise) {
  const std::int64_t fixed_size = port.shape[axis];
  if (fixed_size < 0) return asked.value_or(otherwise);
  if (asked && *asked != fixed_size) {
    throw UsageError(core::message("input '", port.name, "' has a fixed ", kAxisNames[axis], " of ",
                                   fixed_size, ", not ", *asked));
  }
  return fixed_size;
}

Shape input_shape(const Model& model, const PortInfo& port, const std::optional<Size>& size,
                  const std::optional<std::int64_t>& batch) {
  const auto multiple = [&](std::size_t axis) {
    return axis < port.multiple_of.size() ? std::max<std::int64_t>(port.multiple_of[axis], 1) : 1;
  };
  std::vector<std::int64_t> sizes = port.shape;
  if (sizes.size() == 4) {
    using Asked = std::optional<std::int64_t>;
    sizes[0] = dimension(port, 0, batch, 1);
    sizes[2] = dimension(port, 2, size ? Asked(size->height) : Asked(), default_side(model, multiple(2)));
    sizes[3] = dimension(port, 3, size ? Asked(size->width) : Asked(), default_side(model, multiple(3)));
  }
  for (const std::int64_t one : sizes) {
    if (one < 0) {
      throw UsageError(core::message("input '", port.name, "' (", port_text(port),
                                     ") has a dynamic size that --size and --batch say nothing about"));
    }
  }
  return Shape(sizes);
}

}  // namespace

std::vector<Shape> input_shapes(const Model& model, const std::optional<Size>& size,
                                const std::optional<std::int64_t>& batch) {
  std::vector<Shape> shapes;
  for (const PortInfo& port : model.inputs()) shapes.push_back(input_shape(model, port, size, batch));
  return shapes;
}

std::string port_text(const PortInfo& port) {
  std::string text;
  const bool image = port.shape.size() == 4;
  for (std::size_t axis = 0; axis < port.shape.size(); ++axis) {
    if (axis > 0) text += "x";
    if (port.shape[axis] >= 0) {
      text += std::to_string(port.shape[axis]);
    } else {
      text += image ? kAxisNames[axis] : "?";
    }
  }
  if (text.empty()) text = "scalar";
  for (std::size_t axis = 0; axis < port.multiple_of.size(); ++axis) {
    if (port.multiple_of[axis] <= 1) continue;
    const std::string name = image && axis < 4 ? kAxisNames[axis] : core::message("axis ", axis);
    text += core::message(", ", name, " a multiple of ", port.multiple_of[axis]);
  }
  return text;
}

std::string shapes_text(const std::vector<Shape>& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : ", ") + shape.to_string();
  return text;
}

std::vector<std::vector<std::int64_t>> sizes_of(const std::vector<Shape>& shapes) {
  std::vector<std::vector<std::int64_t>> sizes;
  for (const Shape& shape : shapes) sizes.emplace_back(shape.sizes().begin(), shape.sizes().end());
  return sizes;
}

}  // namespace pliant::tools

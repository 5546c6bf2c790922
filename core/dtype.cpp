#include "pliant/tensor.hpp"

namespace pliant {

const char* to_string(DType dtype) noexcept { return dtype == DType::kFloat16 ? "float16" : "float32"; }

std::size_t size_of(DType dtype) noexcept { return dtype == DType::kFloat16 ? 2 : 4; }

}  // namespace pliant

#include "layers/mul.hpp"

#include "layers/elementwise.hpp"

namespace pliant::layers {

PLIANT_DEFINE_BINARY_RULES(Mul)

}  // namespace pliant::layers

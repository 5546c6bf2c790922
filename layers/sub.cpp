#include "layers/sub.hpp"

#include "layers/elementwise.hpp"

namespace pliant::layers {

PLIANT_DEFINE_BINARY_RULES(Sub)

}  // namespace pliant::layers

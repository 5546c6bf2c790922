#include "layers/add.hpp"

#include "layers/elementwise.hpp"

namespace pliant::layers {

PLIANT_DEFINE_BINARY_RULES(Add)

}  // namespace pliant::layers

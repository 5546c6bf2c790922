#include "layers/div.hpp"

#include "layers/elementwise.hpp"

namespace pliant::layers {

PLIANT_DEFINE_BINARY_RULES(Div)

}  // namespace pliant::layers

// Words for pre- and post-processing, as the model format names them.
#pragma once

#include <string>
#include <vector>

#include "pliant/vision.hpp"

namespace pliant::tools {

const char* word(ChannelOrder order) noexcept;
const char* word(ResizeRule rule) noexcept;
const char* word(PixelType type) noexcept;
const char* word(Arithmetic arithmetic) noexcept;
const char* word(BoxRule rule) noexcept;

/// In the order of BoxRule.
std::vector<std::string> box_rule_names();

/// What a project's own script takes for its post-processing where nobody says otherwise.
TextPostprocess usual_postprocess(BoxRule rule) noexcept;

}  // namespace pliant::tools

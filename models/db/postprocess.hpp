// From a probability map to text regions, for those who know more than the public find_text_regions asks.
#pragma once

#include <span>
#include <vector>

#include "models/db/source_scale.hpp"
#include "pliant/text_detector.hpp"

namespace pliant::models {

/// What find_text_regions checks before it begins. Throws kInvalidArgument for a parameter out of range.
void check_postprocess(const TextPostprocess& parameters);

/// As the public one, of a map of which only `content` shows the picture.
std::vector<TextRegion> find_text_regions(std::span<const float> map, int map_height, int map_width,
                                          MapContent content, int source_height, int source_width,
                                          const TextPostprocess& parameters, RegionShape shape);

}  // namespace pliant::models

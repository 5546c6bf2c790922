// The orientation that cameras write into a picture's EXIF data.
#pragma once

#include "models/picture_bytes.hpp"
#include "pliant/text_detector.hpp"

namespace pliant::models {

/// The Orientation tag (0x0112) of the first directory in a TIFF block, 1..8; 1 where it is absent or not
/// understood, since EXIF data is a hint and never a reason to refuse a picture.
int exif_orientation(Bytes tiff) noexcept;

/// Turns and mirrors a picture from the stored orientation to upright: 2 mirrored, 3 turned by 180 degrees,
/// 4 mirrored top to bottom, 5 transposed, 6 turned clockwise, 7 transposed along the other diagonal, 8
/// turned counter-clockwise.
void apply_orientation(Image& image, int orientation);

}  // namespace pliant::models

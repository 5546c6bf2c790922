// From pixels to the network's input.
#pragma once

#include "pliant/tensor.hpp"
#include "pliant/text_detector.hpp"

namespace pliant::models {

struct InputSize {
  int width = 0;           ///< pixels
  int height = 0;          ///< pixels
  int content_width = 0;   ///< of the picture in it, from the upper left corner; the rest is padding
  int content_height = 0;  ///< pixels
};

/// The size of the network's input for a picture. Throws kInvalidArgument where it would have more than 100
/// megapixels and more than twice the picture's, or more than can be addressed, and where the sizes asked for
/// are not multiples of what the network needs.
InputSize input_size(int width, int height, const ImagePreprocess& parameters, int max_side);

/// The same parameters for pictures whose short side is brought to `size` pixels. A rule that limits sizes
/// gives way to one that sets them; a limit of the long side besides grows by the same factor as the short
/// side. The converter's --short-side does the same.
ImagePreprocess with_short_side(ImagePreprocess parameters, int size);

/// As the public preprocess_image, but in the layout asked for: the runtime takes NHWC without a copy.
Tensor preprocess_image(const Image& image, const ImagePreprocess& parameters, int max_side, Layout layout);

/// The same into `input`, whose memory is used again where shape and layout are the same. After an error it
/// is as it was.
void preprocess_into(Tensor& input, const Image& image, const ImagePreprocess& parameters, int max_side,
                     Layout layout);

}  // namespace pliant::models

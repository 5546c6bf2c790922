// pliant_decode FILE OUT.ppm: decodes a picture as the library does, for comparison with other decoders.
#include <exception>
#include <fstream>
#include <iostream>

#include "pliant/text_detector.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: pliant_decode FILE OUT.ppm\n";
    return 2;
  }
  try {
    const pliant::Image image = pliant::load_image(argv[1]);
    std::ofstream out(argv[2], std::ios::binary);
    out << "P6\n" << image.width << ' ' << image.height << "\n255\n";
    for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
      out.put(static_cast<char>(image.pixels[i + 2]));
      out.put(static_cast<char>(image.pixels[i + 1]));
      out.put(static_cast<char>(image.pixels[i]));
    }
    out.close();
    return out ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

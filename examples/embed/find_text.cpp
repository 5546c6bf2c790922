// Prints the text regions of a picture, one a line: find_text MODEL.pliant PICTURE
#include <cstdio>
#include <pliant/pliant.hpp>
#include <pliant/text_detector.hpp>

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "usage: find_text MODEL.pliant PICTURE\n"), 2;
  pliant::TextDetector detector(pliant::Model::load(argv[1]));
  for (const pliant::TextRegion& region : detector.detect(pliant::load_image(argv[2]))) {
    for (const pliant::Point& point : region.points) std::printf("%.0f,%.0f ", point.x, point.y);
    std::printf("%.3f\n", region.score);
  }
  return 0;
} catch (const pliant::Error& error) {
  std::fprintf(stderr, "find_text: %s\n", error.what());
  return 1;
}

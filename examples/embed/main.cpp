// Loads a model and runs it on an empty picture: run_model MODEL.pliant
#include <algorithm>
#include <cstdio>
#include <pliant/pliant.hpp>

int main(int argc, char** argv) try {
  if (argc != 2) return std::fprintf(stderr, "usage: run_model MODEL.pliant\n"), 2;
  const pliant::Model model = pliant::Model::load(argv[1]);
  pliant::Session session(model);
  pliant::Tensor picture(pliant::Shape{1, 3, 64, 96});
  std::ranges::fill(picture.values(), 0.0F);
  session.set_input(0, picture);
  session.run();
  const pliant::Tensor output = session.output(0);
  std::printf("%s: %s -> %s\n", model.info().name.c_str(), picture.shape().to_string().c_str(),
              output.shape().to_string().c_str());
  return 0;
} catch (const pliant::Error& error) {
  std::fprintf(stderr, "run_model: %s\n", error.what());
  return 1;
}

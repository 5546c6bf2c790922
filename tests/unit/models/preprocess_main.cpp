// pliant_preprocess FILE OUT.f32 [name=value ...]: the network's input for a picture as raw float32 (NCHW),
// its size "HxW" on standard output. Names: short_side, multiple_of, max_side, scale, pixels (uint8,
// float32), order (bgr, rgb), mean0..mean2, std0..std2, long_side, rule and arithmetic (as in
// schema/model.fbs).
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "pliant/text_detector.hpp"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: pliant_preprocess FILE OUT.f32 [name=value ...]\n";
    return 2;
  }
  try {
    std::map<std::string, std::string> given;
    for (int i = 3; i < argc; ++i) {
      const std::string argument = argv[i];
      const std::size_t equals = argument.find('=');
      given[argument.substr(0, equals)] = argument.substr(equals + 1);
    }
    const auto number = [&](const std::string& name, double fallback) {
      return given.count(name) != 0 ? std::stod(given[name]) : fallback;
    };
    pliant::ImagePreprocess parameters;
    parameters.short_side = static_cast<int>(number("short_side", parameters.short_side));
    parameters.multiple_of = static_cast<int>(number("multiple_of", parameters.multiple_of));
    parameters.scale = number("scale", parameters.scale);
    if (given["pixels"] == "uint8") {
      parameters.resize_pixel_type = pliant::PixelType::kUint8;
    }
    if (given["order"] == "rgb") {
      parameters.channel_order = pliant::ChannelOrder::kRGB;
    }
    parameters.long_side = static_cast<int>(number("long_side", 0));
    const std::map<std::string, pliant::ResizeRule> rules{
        {"short_side_ceil", pliant::ResizeRule::kShortSideCeil},
        {"keep_ratio_pad", pliant::ResizeRule::kKeepRatioPad},
        {"short_side_round", pliant::ResizeRule::kShortSideRound},
        {"limit_side_round", pliant::ResizeRule::kLimitSideRound}};
    const std::map<std::string, pliant::Arithmetic> arithmetics{
        {"centre_double", pliant::Arithmetic::kCentreDouble},
        {"double_once", pliant::Arithmetic::kDoubleOnce},
        {"centre_single", pliant::Arithmetic::kCentreSingle},
        {"scale_single", pliant::Arithmetic::kScaleSingle},
        {"factor_single", pliant::Arithmetic::kFactorSingle}};
    if (given.count("rule") != 0) parameters.resize_rule = rules.at(given["rule"]);
    if (given.count("arithmetic") != 0) parameters.arithmetic = arithmetics.at(given["arithmetic"]);
    for (std::size_t c = 0; c < 3; ++c) {
      parameters.mean[c] = number("mean" + std::to_string(c), parameters.mean[c]);
      parameters.std[c] = number("std" + std::to_string(c), parameters.std[c]);
    }
    const pliant::Tensor input = pliant::preprocess_image(pliant::load_image(argv[1]), parameters,
                                                          static_cast<int>(number("max_side", 0)));
    std::ofstream out(argv[2], std::ios::binary);
    out.write(reinterpret_cast<const char*>(input.data()),
              static_cast<std::streamsize>(input.values().size_bytes()));
    out.close();
    std::cout << input.shape()[2] << 'x' << input.shape()[3] << '\n';
    return out ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

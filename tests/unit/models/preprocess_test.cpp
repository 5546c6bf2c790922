#include "models/db/preprocess.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "pliant/error.hpp"
#include "tests/unit/models/sample_files.hpp"

namespace pliant {
namespace {

ErrorCode code_of(const Image& image, const ImagePreprocess& parameters, int max_side = 0) {
  try {
    preprocess_image(image, parameters, max_side);
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("it was accepted");
  return ErrorCode::kInternal;
}

}  // namespace

TEST_CASE("the short side is exact, the other is rounded up") {
  const ImagePreprocess p;
  const auto size = [&](int width, int height, int max_side = 0) {
    const models::InputSize s = models::input_size(width, height, p, max_side);
    return std::to_string(s.width) + "x" + std::to_string(s.height);
  };
  CHECK(size(1280, 720) == "1312x736");  // 736 / 720 * 1280 / 32 = 40.9
  CHECK(size(720, 1280) == "736x1312");
  CHECK(size(736, 736) == "736x736");
  CHECK(size(1472, 736) == "1472x736");
  CHECK(size(1, 1) == "736x736");
  CHECK(size(1, 100) == "736x73600");
  // 736 / 49 * 49 is a little above 736 in doubles, and so it is in the original.
  const double above = 736.0 / 49 * 49;
  CHECK(size(49, 49) == (above > 736 ? "736x768" : "736x736"));
}

TEST_CASE("a strip that is scaled up beyond reason is refused before anything is allocated for it") {
  ImagePreprocess p;
  const auto refused = [&](int width, int height, int max_side = 0) {
    try {
      models::input_size(width, height, p, max_side);
      return std::string();
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::kInvalidArgument);
      return std::string(error.what());
    }
  };
  CHECK(refused(1, 1300).find("becomes an input of 736x956800") != std::string::npos);
  CHECK(refused(1, 1300).find("max_side") != std::string::npos);
  CHECK(refused(1300, 1) != "");
  CHECK(refused(1, 1300, 960) == "");
  CHECK(refused(40, 7300) == "");  // 736 x 134336, 99 megapixels
  CHECK(refused(40, 7500) != "");
  p.resize_rule = ResizeRule::kKeepRatioPad;
  CHECK(refused(1, 1300) != "");
  p.resize_rule = ResizeRule::kShortSideRound;
  CHECK(refused(1, 1300) != "");
  p.resize_rule = ResizeRule::kLimitSideRound;
  CHECK(refused(1, 1300) != "");
  // Who wants large pictures at their own size has the memory; a little more than the picture is rounding.
  p.resize_rule = ResizeRule::kKeepRatioPad;
  p.short_side = 12001;
  CHECK(refused(12001, 12001) == "");
  CHECK(refused(12001, 13001) == "");
  CHECK(refused(100, 100) != "");
}

TEST_CASE("the longer side can be capped") {
  const ImagePreprocess p;
  const auto capped = [&](int width, int height, int max_side) {
    const models::InputSize s = models::input_size(width, height, p, max_side);
    CHECK(s.width % 32 == 0);
    CHECK(s.height % 32 == 0);
    return std::pair(s.width, s.height);
  };
  CHECK(capped(1280, 720, 1312) == std::pair(1312, 736));  // fits as it is
  CHECK(capped(1280, 720, 1000) == std::pair(992, 544));   // 736 * 1000 / 1312 = 561
  CHECK(capped(720, 1280, 1000) == std::pair(544, 992));
  CHECK(capped(1, 100000, 640) == std::pair(32, 640));  // never to nothing
  CHECK(capped(100, 100, 32) == std::pair(32, 32));
}

namespace {

std::string sizes(int width, int height, const ImagePreprocess& p, int max_side = 0) {
  const models::InputSize s = models::input_size(width, height, p, max_side);
  std::string text = std::to_string(s.width) + "x" + std::to_string(s.height);
  if (s.content_width != s.width || s.content_height != s.height) {
    text += " shows " + std::to_string(s.content_width) + "x" + std::to_string(s.content_height);
  }
  return text;
}

}  // namespace

TEST_CASE("the ratio is kept and the rest padded") {
  ImagePreprocess p;
  p.resize_rule = ResizeRule::kKeepRatioPad;
  p.long_side = 1333;
  CHECK(sizes(1280, 720, p) == "1312x736 shows 1308x736");  // 736 / 720 * 1280 = 1308.4
  CHECK(sizes(720, 1280, p) == "736x1312 shows 736x1308");
  CHECK(sizes(2000, 500, p) == "1344x352 shows 1333x333");  // the long side decides: 500 * 0.6665 = 333.25
  CHECK(sizes(736, 736, p) == "736x736");
  CHECK(sizes(100000, 1, p) == "1344x32 shows 1333x1");  // never to nothing
  CHECK(sizes(1280, 720, p, 1000) == "992x576 shows 992x558");
  CHECK(sizes(1280, 720, p, 32) == "32x32 shows 32x18");
  p.long_side = 0;
  CHECK(sizes(2000, 500, p) == "2944x736");
}

TEST_CASE("both sides are rounded") {
  ImagePreprocess p;
  p.resize_rule = ResizeRule::kShortSideRound;
  p.short_side = 1000;                       // 31.25 * 32
  CHECK(sizes(1280, 720, p) == "1792x992");  // 1000 / 720 * 1280 = 1777.8 = 55.6 * 32
  CHECK(sizes(720, 1280, p) == "992x1792");
  p.short_side = 48;  // 1.5 * 32: halves go to the even neighbour
  CHECK(sizes(48, 80, p) == "64x64");
  CHECK(sizes(1280, 720, p, 64) == "64x32");
  p.short_side = 3;
  CHECK(sizes(10, 10, p) == "32x32");  // never to nothing
}

TEST_CASE("a side is limited") {
  ImagePreprocess p;
  p.resize_rule = ResizeRule::kLimitSideRound;
  p.long_side = 960;
  CHECK(sizes(1280, 720, p) == "960x544");  // 540 = 16.9 * 32
  CHECK(sizes(720, 1280, p) == "544x960");
  CHECK(sizes(320, 200, p) == "320x192");  // not enlarged: 200 = 6.25 * 32
  CHECK(sizes(10, 9000, p) == "32x960");
  CHECK(sizes(1280, 720, p, 500) == "480x256");
  p.long_side = 0;
  CHECK(sizes(1280, 720, p) == "1312x736");  // at least 736: int(1308.4) = 40.9 * 32
  CHECK(sizes(4000, 3000, p) == "4000x3008");
}

TEST_CASE("a short side that is asked for is what pictures get, whatever the rule") {
  ImagePreprocess p;
  for (const ResizeRule rule : {ResizeRule::kShortSideCeil, ResizeRule::kShortSideRound,
                                ResizeRule::kLimitSideRound, ResizeRule::kKeepRatioPad}) {
    p.resize_rule = rule;
    p.short_side = 736;
    p.long_side = rule == ResizeRule::kLimitSideRound ? 960 : rule == ResizeRule::kKeepRatioPad ? 1333 : 0;
    for (const int size : {320, 640, 1472}) {
      const ImagePreprocess changed = models::with_short_side(p, size);
      for (const int larger : {200, 1000, 4000}) {
        const models::InputSize input = models::input_size(larger * 3 / 2, larger, changed, 0);
        CHECK(input.content_height == size);
      }
    }
  }
  CHECK(models::with_short_side(p, 320).long_side == 1333);
  CHECK(models::with_short_side(p, 768).long_side == 1391);  // 1333 * 768 / 736 = 1390.96
  p.long_side = std::numeric_limits<int>::max();
  CHECK(models::with_short_side(p, 65536).long_side == std::numeric_limits<int>::max());
}

TEST_CASE("padding is zero after the normalisation, in both layouts") {
  ImagePreprocess p;
  p.resize_rule = ResizeRule::kKeepRatioPad;
  p.short_side = 32;
  p.long_side = 40;
  p.mean = {-1, -2, -3};
  const Image image = test::gradient(80, 50);  // becomes 40x25
  const Tensor nchw = models::preprocess_image(image, p, 0, Layout::kNCHW);
  REQUIRE(nchw.shape() == Shape{1, 3, 32, 64});
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 64; ++x) {
        const bool shown = x < 40 && y < 25;
        CHECK((nchw.data()[(c * 32 + y) * 64 + x] > 0) == shown);
      }
    }
  }
  const Tensor back = models::preprocess_image(image, p, 0, Layout::kNHWC).to(Layout::kNCHW);
  CHECK(std::equal(nchw.values().begin(), nchw.values().end(), back.values().begin(), back.values().end()));
}

TEST_CASE("values are centred, scaled and in the order asked for") {
  ImagePreprocess p;
  p.short_side = 2;
  p.multiple_of = 1;
  p.mean = {10, 20, 30};
  p.scale = 2;
  p.std = {1, 2, 4};
  const Image image{2, 2, {10, 20, 30, 12, 24, 38, 10, 20, 30, 14, 28, 46}};
  const Tensor bgr = preprocess_image(image, p);
  REQUIRE(bgr.shape() == Shape{1, 3, 2, 2});
  CHECK(std::vector<float>(bgr.values().begin(), bgr.values().end()) ==
        std::vector<float>{0, 1, 0, 2, 0, 1, 0, 2, 0, 1, 0, 2});
  p.channel_order = ChannelOrder::kRGB;
  p.mean = {30, 20, 10};
  p.std = {4, 2, 1};
  const Tensor rgb = preprocess_image(image, p);
  CHECK(std::vector<float>(rgb.values().begin(), rgb.values().end()) ==
        std::vector<float>{0, 1, 0, 2, 0, 1, 0, 2, 0, 1, 0, 2});
}

TEST_CASE("both layouts hold the same values") {
  ImagePreprocess p;
  p.short_side = 64;
  p.mean = {122.5, 3, 0.25};
  const Image image = test::gradient(37, 23);
  const Tensor nchw = models::preprocess_image(image, p, 0, Layout::kNCHW);
  const Tensor nhwc = models::preprocess_image(image, p, 0, Layout::kNHWC);
  REQUIRE(nhwc.layout() == Layout::kNHWC);
  const Tensor back = nhwc.to(Layout::kNCHW);
  CHECK(std::equal(nchw.values().begin(), nchw.values().end(), back.values().begin(), back.values().end()));
}

TEST_CASE("what cannot work is refused") {
  const Image image = test::gradient(8, 8);
  const auto with = [](auto change) {
    ImagePreprocess p;
    change(p);
    return p;
  };
  using P = ImagePreprocess;
  CHECK(code_of(image, with([](P& p) { p.short_side = 700; })) == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, with([](P& p) { p.short_side = 0; })) == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, with([](P& p) { p.short_side = -32; })) == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, with([](P& p) { p.multiple_of = 0; })) == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, with([](P& p) { p.scale = 0; })) == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, with([](P& p) { p.std[1] = 0; })) == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, with([](P& p) { p.mean[2] = std::nan(""); })) == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, with([](P& p) { p.long_side = -1; })) == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, {}, 31) == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, {}, -1) == ErrorCode::kInvalidArgument);
  CHECK(code_of(Image{}, {}) == ErrorCode::kInvalidArgument);
  CHECK(code_of(Image{2, 2, {1, 2, 3}}, {}) == ErrorCode::kInvalidArgument);
  CHECK(code_of(Image{1, 100000, std::vector<std::uint8_t>(300000)}, {}) ==
        ErrorCode::kInvalidArgument);  // 736 x 73600000
}

TEST_CASE("preprocess: the same memory again for the same size, and untouched after an error") {
  ImagePreprocess p;
  p.short_side = 32;
  p.multiple_of = 32;
  Image small;
  small.width = small.height = 32;  // as it is, which takes bytes, and scaled, which takes floats
  small.pixels.assign(3 * 32 * 32, 7);
  Image large;
  large.width = large.height = 50;
  large.pixels.assign(3 * 50 * 50, 7);
  Tensor input;
  models::preprocess_into(input, small, p, 0, Layout::kNHWC);
  const float* memory = input.data();
  const Tensor first = input.clone();
  models::preprocess_into(input, large, p, 0, Layout::kNHWC);
  CHECK(input.data() == memory);
  CHECK(std::equal(first.values().begin(), first.values().end(), input.values().begin()));
  Image broken = small;
  broken.pixels.pop_back();
  CHECK_THROWS_AS(models::preprocess_into(input, broken, p, 0, Layout::kNHWC), Error);
  CHECK(input.data() == memory);
  models::preprocess_into(input, small, p, 0, Layout::kNCHW);
  CHECK(input.layout() == Layout::kNCHW);
  p.short_side = 64;
  models::preprocess_into(input, small, p, 0, Layout::kNHWC);
  CHECK(input.shape() == Shape{1, 3, 64, 64});
}

}  // namespace pliant

// The detector as a whole, on a network for which bright pixels are text.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "pliant/error.hpp"
#include "pliant/text_detector.hpp"
#include "tests/support/model_builder.hpp"
#include "tests/unit/models/sample_files.hpp"

namespace pliant {
namespace {

struct Parts {
  bool preprocess = true;
  bool postprocess = true;
  int channels = 3;
  int inputs = 1;
  int port_multiple = 4;
  int output = 0;
};

// image -> its sigmoid's first channel: the brightest pixels are text.
Model brightness_model(const Parts& parts = {}) {
  test::ModelBuilder m;
  const int image = m.value("image");
  m.input(image, "image", {-1, parts.channels, -1, -1}, {1, 1, parts.port_multiple, parts.port_multiple});
  if (parts.inputs == 2) {
    m.input(m.value("other"), "other", {-1, 3, -1, -1});
  }
  const int first = m.value("first");
  m.node("first", schema::CreateSlice(m.fbb, 1, 0, 1, 1), {image}, {first});
  const int probability = m.value("probability");
  m.node("probability", schema::CreateSigmoid(m.fbb), {first}, {probability});
  m.output(probability, "probability", {-1, 1, -1, -1});
  if (parts.preprocess) {
    const std::vector<double> mean{128, 128, 128};
    const auto mean_at = m.fbb.CreateVector(mean);
    const auto std_at = m.fbb.CreateVector(std::vector<double>{1, 1, 1});
    schema::ImagePreprocessBuilder p(m.fbb);
    p.add_mean(mean_at);
    p.add_std(std_at);
    p.add_scale(10);
    p.add_short_side(64);
    p.add_multiple_of(32);
    m.preprocess = p.Finish();
  }
  if (parts.postprocess) {
    schema::TextPostprocessBuilder p(m.fbb);
    p.add_output(static_cast<std::uint32_t>(parts.output));
    m.postprocess = p.Finish();
  }
  return Model::from_memory(m.finish());
}

TextDetectorOptions one_thread() {
  TextDetectorOptions options;
  options.session.threads = 1;
  return options;
}

// A dark picture with two bright bars.
Image bars() {
  Image image{128, 64, std::vector<std::uint8_t>(128 * 64 * 3, 20)};
  for (const auto& [x0, y0, x1, y1] : {std::array{10, 8, 61, 19}, std::array{40, 40, 111, 53}}) {
    for (int y = y0; y < y1; ++y) {
      for (int i = x0 * 3; i < x1 * 3; ++i) {
        image.pixels[static_cast<std::size_t>(y * 128 * 3 + i)] = 250;
      }
    }
  }
  return image;
}

std::string fault(ErrorCode code, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  FAIL("nothing was thrown");
  return {};
}

bool says(const std::string& message, const std::string& words) {
  INFO(message);
  return message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a detector finds what its parts find") {
  const Model model = brightness_model();
  TextDetector detector(model, one_thread());
  DetectTimes times;
  const Image picture = bars();
  const auto regions = detector.detect(picture, &times);
  REQUIRE(regions.size() == 2);
  CHECK(times.network_ms > 0);
  CHECK(times.preprocess_ms > 0);
  CHECK(times.postprocess_ms > 0);

  const Tensor input = preprocess_image(picture, *model.preprocess());
  REQUIRE(input.shape() == Shape{1, 3, 64, 128});
  Session session(model, one_thread().session);
  const ConstTensorView views[] = {input};
  const Tensor map = std::move(session.run(views)[0]);
  const Tensor kept = detector.probability_map();
  REQUIRE(kept.shape() == map.shape());
  CHECK(std::equal(kept.values().begin(), kept.values().end(), map.values().begin(), map.values().end()));
  const auto expected =
      find_text_regions(map.values(), 64, 128, 64, 128, *model.postprocess(), RegionShape::kQuads);
  REQUIRE(expected.size() == regions.size());
  for (std::size_t i = 0; i < regions.size(); ++i) {
    CHECK(regions[i].score == expected[i].score);
    for (std::size_t k = 0; k < 4; ++k) {
      CHECK(regions[i].points[k].x == expected[i].points[k].x);
      CHECK(regions[i].points[k].y == expected[i].points[k].y);
    }
  }
}

TEST_CASE("options override what the model file says") {
  const Model model = brightness_model();
  const Image picture = bars();
  const auto count = [&](const std::function<void(TextDetectorOptions&)>& change) {
    TextDetectorOptions options = one_thread();
    change(options);
    return TextDetector(model, options).detect(picture).size();
  };
  CHECK(count([](TextDetectorOptions&) {}) == 2);
  CHECK(count([](TextDetectorOptions& o) { o.max_candidates = 1; }) == 1);
  CHECK(count([](TextDetectorOptions& o) { o.thresh = 1; }) == 0);
  CHECK(count([](TextDetectorOptions& o) { o.box_thresh = 1; }) == 0);
  CHECK(count([](TextDetectorOptions& o) { o.shape = RegionShape::kPolygons; }) == 2);

  const auto width = [&](double ratio, RegionShape shape) {
    TextDetectorOptions options = one_thread();
    options.unclip_ratio = ratio;
    options.shape = shape;
    double least = 128;
    double greatest = 0;
    const std::vector<TextRegion> regions = TextDetector(model, options).detect(picture);
    for (const Point& point : regions.at(0).points) {
      least = std::min(least, point.x);
      greatest = std::max(greatest, point.x);
    }
    return greatest - least;
  };
  for (const RegionShape shape : {RegionShape::kQuads, RegionShape::kPolygons}) {
    CHECK(width(2, shape) > width(0.5, shape));
  }

  TextDetectorOptions smaller = one_thread();
  smaller.short_side = 32;
  TextDetector detector(model, smaller);
  detector.detect(picture);
  CHECK(detector.probability_map().shape() == Shape{1, 1, 32, 64});
  TextDetectorOptions capped = one_thread();
  capped.max_side = 100;
  TextDetector capped_detector(model, capped);
  capped_detector.detect(picture);
  CHECK(capped_detector.probability_map().shape() == Shape{1, 1, 32, 96});
}

TEST_CASE("a detector can be moved and used for pictures of many sizes") {
  TextDetector first(brightness_model(), one_thread());
  first.detect(bars());
  TextDetector second = std::move(first);
  for (const int width : {1, 30, 64, 200}) {
    CHECK_NOTHROW(second.detect(test::gradient(width, 40)));
  }
  CHECK(second.detect(bars()).size() == 2);
  second.session().trim();
  CHECK(second.detect(bars()).size() == 2);
}

TEST_CASE("models that are no text detectors are refused") {
  const auto words = [](const Parts& parts) {
    return fault(ErrorCode::kInvalidModel, [&] { TextDetector(brightness_model(parts), one_thread()); });
  };
  CHECK(says(words({.preprocess = false}), "pre-processing"));
  CHECK(says(words({.postprocess = false}), "post-processing"));
  CHECK(says(words({.channels = 1}), "1x3xHxW"));
  CHECK(says(words({.inputs = 2}), "2 inputs"));
  CHECK(says(words({.port_multiple = 64}), "multiples of 64"));
}

TEST_CASE("options out of range are refused when the detector is made") {
  const Model model = brightness_model();
  const auto refused = [&](const std::function<void(TextDetectorOptions&)>& change) {
    TextDetectorOptions options = one_thread();
    change(options);
    return fault(ErrorCode::kInvalidArgument, [&] { TextDetector(model, options); });
  };
  CHECK(says(refused([](TextDetectorOptions& o) { o.thresh = 2; }), "thresh is 2"));
  CHECK(says(refused([](TextDetectorOptions& o) { o.box_thresh = -1; }), "box_thresh is -1"));
  CHECK(says(refused([](TextDetectorOptions& o) { o.unclip_ratio = -1; }), "unclip_ratio is -1"));
  CHECK(says(refused([](TextDetectorOptions& o) { o.max_candidates = -1; }), "max_candidates is -1"));
  CHECK(says(refused([](TextDetectorOptions& o) { o.short_side = 50; }), "short_side is 50"));
  CHECK(says(refused([](TextDetectorOptions& o) { o.max_side = 10; }), "max_side is 10"));
}

TEST_CASE("a picture without pixels is refused, and the detector goes on") {
  TextDetector detector(brightness_model(), one_thread());
  fault(ErrorCode::kInvalidArgument, [&] { detector.detect(Image{}); });
  CHECK(detector.detect(bars()).size() == 2);
}

}  // namespace pliant

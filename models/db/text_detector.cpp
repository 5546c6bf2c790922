// A model and a session, with pictures going in and text regions coming out.
#include <chrono>
#include <utility>

#include "core/format.hpp"
#include "models/db/postprocess.hpp"
#include "models/db/preprocess.hpp"
#include "pliant/error.hpp"
#include "pliant/text_detector.hpp"

namespace pliant {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point& start) {
  const Clock::time_point now = Clock::now();
  const double elapsed = std::chrono::duration<double, std::milli>(now - start).count();
  start = now;
  return elapsed;
}

[[noreturn]] void fail_model(const std::string& message) { throw Error(ErrorCode::kInvalidModel, message); }

ImagePreprocess preprocess_of(const Model& model, const TextDetectorOptions& options) {
  if (!model.preprocess()) {
    fail_model(
        "text detector: the model file says nothing about pre-processing; convert it as a text detector");
  }
  if (!options.short_side) return *model.preprocess();
  return models::with_short_side(*model.preprocess(), *options.short_side);
}

TextPostprocess postprocess_of(const Model& model, const TextDetectorOptions& options) {
  if (!model.postprocess()) {
    fail_model(
        "text detector: the model file says nothing about post-processing; convert it as a text detector");
  }
  TextPostprocess parameters = *model.postprocess();
  parameters.thresh = options.thresh.value_or(parameters.thresh);
  parameters.box_thresh = options.box_thresh.value_or(parameters.box_thresh);
  parameters.max_candidates = options.max_candidates.value_or(parameters.max_candidates);
  double& ratio =
      options.shape == RegionShape::kQuads ? parameters.unclip_ratio : parameters.polygon_unclip_ratio;
  ratio = options.unclip_ratio.value_or(ratio);
  return parameters;
}

bool fits(std::int64_t size, std::int64_t wanted) { return size == wanted || size == -1; }

void check_input(const Model& model, const ImagePreprocess& parameters) {
  if (model.inputs().size() != 1) {
    fail_model(
        core::message("text detector: the model has ", model.inputs().size(), " inputs, expected one"));
  }
  const PortInfo& port = model.inputs()[0];
  if (port.shape.size() != 4 || !fits(port.shape[0], 1) || !fits(port.shape[1], 3)) {
    fail_model(core::message("text detector: input '", port.name,
                             "' does not take pictures, expected the shape 1x3xHxW"));
  }
  for (std::size_t axis = 2; axis < 4 && axis < port.multiple_of.size(); ++axis) {
    const std::int64_t multiple = port.multiple_of[axis];
    if (multiple > 1 && parameters.multiple_of % multiple != 0) {
      fail_model(core::message("text detector: input '", port.name, "' needs sizes that are multiples of ",
                               multiple, ", but pre-processing makes multiples of ", parameters.multiple_of));
    }
  }
}

void check_output(const Model& model, const TextPostprocess& parameters) {
  if (parameters.output < 0 || static_cast<std::size_t>(parameters.output) >= model.outputs().size()) {
    fail_model(core::message("text detector: the probability map is output ", parameters.output,
                             ", but the model has ", model.outputs().size(), " outputs"));
  }
}

}  // namespace

struct TextDetector::Impl {
  Impl(const Model& model, const TextDetectorOptions& options)
      : preprocess(preprocess_of(model, options)),
        postprocess(postprocess_of(model, options)),
        shape(options.shape),
        max_side(options.max_side),
        session(model, options.session) {
    check_input(model, preprocess);
    check_output(model, postprocess);
    models::check_postprocess(postprocess);
    // Throws for options that no picture could satisfy.
    models::input_size(preprocess.short_side, preprocess.short_side, preprocess, max_side);
  }

  std::size_t output() const { return static_cast<std::size_t>(postprocess.output); }

  ImagePreprocess preprocess;
  TextPostprocess postprocess;
  RegionShape shape;
  int max_side;
  Tensor input;  // borrowed by the session, so it lives as long
  Session session;
};

TextDetector::TextDetector(const Model& model, const TextDetectorOptions& options)
    : impl_(std::make_unique<Impl>(model, options)) {}
TextDetector::~TextDetector() = default;
TextDetector::TextDetector(TextDetector&&) noexcept = default;
TextDetector& TextDetector::operator=(TextDetector&&) noexcept = default;

std::vector<TextRegion> TextDetector::detect(const Image& image, DetectTimes* times) {
  DetectTimes spent;
  Clock::time_point start = Clock::now();
  const models::InputSize size =
      models::input_size(image.width, image.height, impl_->preprocess, impl_->max_side);
  models::preprocess_into(impl_->input, image, impl_->preprocess, impl_->max_side, Layout::kNHWC);
  spent.preprocess_ms = milliseconds_since(start);

  impl_->session.set_input(0, impl_->input);
  impl_->session.run();
  spent.network_ms = milliseconds_since(start);

  // One channel, so that the runtime's own layout is row-major, too.
  const ConstTensorView map = impl_->session.output_view(impl_->output());
  if (map.shape.rank() != 4 || map.shape[0] != 1 || map.shape[1] != 1) {
    fail_model(core::message("text detector: the probability map has the shape ", map.shape.to_string(),
                             ", expected 1x1xHxW"));
  }
  const std::span<const float> values(map.data, static_cast<std::size_t>(map.shape.elements()));
  const int height = static_cast<int>(map.shape[2]);
  const int width = static_cast<int>(map.shape[3]);
  const models::MapContent content{static_cast<double>(size.content_width) * width / size.width,
                                   static_cast<double>(size.content_height) * height / size.height};
  std::vector<TextRegion> regions = models::find_text_regions(values, height, width, content, image.height,
                                                              image.width, impl_->postprocess, impl_->shape);
  spent.postprocess_ms = milliseconds_since(start);
  if (times != nullptr) {
    *times = spent;
  }
  return regions;
}

Tensor TextDetector::probability_map() const { return impl_->session.output(impl_->output()); }
Session& TextDetector::session() noexcept { return impl_->session; }

}  // namespace pliant

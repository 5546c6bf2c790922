// pliant detect: pictures in, text regions out.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "core/format.hpp"
#include "pliant/text_detector.hpp"
#include "tools/cli_common.hpp"
#include "tools/console.hpp"
#include "tools/picture_list.hpp"
#include "tools/progress.hpp"
#include "tools/result_writer.hpp"
#include "tools/usage_error.hpp"

namespace pliant::tools {
namespace {

constexpr std::int64_t kMaxSide = 1'000'000;

struct DetectArguments {
  std::string model;
  std::vector<std::string> pictures;
  TextDetectorOptions detector;
  DecodeOptions decode;
  BoxOptions boxes;
  Format format = Format::kJson;
  std::string output = "-";
  std::string draw;
  bool recursive = false;
  bool quiet = false;
};

void describe_arguments(CLI::App& app, DetectArguments& arguments) {
  app.add_option("MODEL", arguments.model, "Model file (*.pliant)")->required()->type_name("FILE");
  app.add_option("PICTURE", arguments.pictures,
                 "Pictures, folders of pictures, or - for standard input (JPEG, PNG, BMP, GIF, PGM, PPM)")
      ->required()
      ->type_name("FILE");
  add_choice(
      app, "--format", format_names(),
      [&](std::size_t index) { arguments.format = static_cast<Format>(index); }, kFormatHelp);
  app.add_option("--output", arguments.output,
                 "Where the results go (default: standard output); a folder for icdar with several pictures")
      ->type_name("FILE");
  app.add_option("--draw", arguments.draw, "Draw the regions over each picture, as DIR/<name>.png")
      ->type_name("DIR");
  add_box_options(app, arguments.boxes);
  add_integer(
      app, "--short-side", 1, kMaxSide,
      [&](std::int64_t n) { arguments.detector.short_side = static_cast<int>(n); },
      "Scale pictures so that their short side has so many pixels (default: as the model says)");
  add_integer(
      app, "--max-side", 1, kMaxSide,
      [&](std::int64_t n) { arguments.detector.max_side = static_cast<int>(n); },
      "Then limit the long side to so many pixels");
  add_integer(
      app, "--max-pixels", 1, std::numeric_limits<std::int64_t>::max(),
      [&](std::int64_t n) { arguments.decode.max_pixels = static_cast<std::uint64_t>(n); },
      "Refuse larger pictures (default: 100000000)");
  add_session_options(app, arguments.detector.session);
  app.add_flag("--recursive", arguments.recursive, "Look into the folders below a folder as well");
  app.add_flag("--quiet", arguments.quiet, "No progress bar; errors are still reported");
  app.footer(
      "Example: pliant detect slim-db.pliant scans/ --format jsonl --output regions.jsonl --draw overlays");
}

TextDetectorOptions detector_options(const DetectArguments& arguments) {
  TextDetectorOptions options = arguments.detector;
  options.shape = arguments.boxes.polygons ? RegionShape::kPolygons : RegionShape::kQuads;
  options.thresh = arguments.boxes.thresh;
  options.box_thresh = arguments.boxes.box_thresh;
  options.unclip_ratio = arguments.boxes.unclip_ratio;
  options.max_candidates = arguments.boxes.max_candidates;
  return options;
}

// A slip of the shell ("--output *.jpg") must not cost a picture.
void protect_inputs(const DetectArguments& arguments, const std::vector<std::string>& pictures) {
  if (arguments.output == "-" || arguments.output.starts_with("/dev/")) return;
  std::vector<std::string> inputs = pictures;
  inputs.push_back(arguments.model);
  for (const std::string& input : inputs) {
    if (input != "-" && same_file(input, arguments.output)) {
      throw UsageError(core::message("--output would overwrite ", input));
    }
  }
}

Image read_standard_input(const DecodeOptions& options) {
  std::vector<std::byte> bytes;
  std::array<std::byte, 65536> piece;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw Error(ErrorCode::kIo, core::message("cannot read standard input: ", system_message(errno)));
    }
    if (got == 0) break;
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + got);
  }
  return decode_image(bytes, "standard input", options);
}

/// Works through the pictures; a failure of one is reported and the next one comes.
class Run {
 public:
  Run(const DetectArguments& arguments, const PictureList& list, TextDetector& detector)
      : arguments_(arguments),
        pictures_(list.pictures),
        detector_(detector),
        writer_({arguments.format, arguments.output, list.pictures, list.several}),
        progress_(list.pictures.size(), !arguments.quiet) {
    if (!arguments_.draw.empty()) {
      make_folder(arguments_.draw);
      overlays_ = derived_names(pictures_, arguments_.draw, "", ".png");
    }
  }

  /// True where everything worked. Throws where the results cannot be written: to go on would be in vain.
  bool all() {
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      progress_.show(i, pictures_[i]);
      Image image;
      PictureResult result;
      if (!attempt(pictures_[i], [&] { result = one(pictures_[i], image); })) continue;
      if (!overlays_.empty()) {
        attempt(pictures_[i], [&] {
          draw_text_regions(image, result.regions);
          save_image(image, overlays_[i]);
        });
      }
      progress_.clear();
      writer_.add(i, result);
      regions_ += result.regions.size();
    }
    progress_.clear();
    writer_.finish();
    if (progress_.visible()) summarize();
    return failed_ == 0;
  }

 private:
  PictureResult one(const std::string& picture, Image& image) {
    PictureResult result;
    result.picture = picture;
    result.times.emplace();
    const auto start = std::chrono::steady_clock::now();
    image = picture == "-" ? read_standard_input(arguments_.decode) : load_image(picture, arguments_.decode);
    const std::chrono::duration<double, std::milli> decoding = std::chrono::steady_clock::now() - start;
    result.times->decode_ms = decoding.count();
    result.width = image.width;
    result.height = image.height;
    try {
      result.regions = detector_.detect(image, &result.times->detect);
    } catch (const Error& error) {
      throw Error(error.code(), core::message(picture, ": ", error.what()));  // the network knows no names
    }
    return result;
  }

  template <class Work>
  bool attempt(const std::string& picture, const Work& work) {
    std::string message;
    try {
      work();
      return true;
    } catch (const Error& error) {
      message = error.what();
      if (error.code() == ErrorCode::kOutOfMemory) detector_.session().trim();  // room for smaller pictures
    } catch (const std::bad_alloc&) {
      message = core::message(picture, ": not enough memory");
      detector_.session().trim();
    }
    progress_.clear();
    print_error(message);
    ++failed_;
    return false;
  }

  void summarize() const {
    const std::size_t count = pictures_.size();
    print_note(core::message(count, " pictures, ", regions_, " regions, ", fixed(progress_.seconds(), 1),
                             " s", failed_ > 0 ? core::message(", ", failed_, " failed") : ""));
  }

  const DetectArguments& arguments_;
  const std::vector<std::string>& pictures_;
  TextDetector& detector_;
  ResultWriter writer_;
  Progress progress_;
  std::vector<std::string> overlays_;
  std::size_t regions_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace

int detect(int argc, const char* const* argv) {
  DetectArguments arguments;
  CLI::App app("Find the text in pictures.", "pliant detect");
  describe_arguments(app, arguments);
  if (!parse(app, argc, argv)) return kSuccess;

  bool folders_fine = true;
  const PictureList list =
      list_pictures(arguments.pictures, arguments.recursive, [&](const std::string& message) {
        print_error(message);
        folders_fine = false;
      });
  protect_inputs(arguments, list.pictures);
  const Model model = Model::load(arguments.model);
  auto detector = make_with_options<TextDetector>(model, detector_options(arguments));
  Run work(arguments, list, detector);
  const bool pictures_fine = work.all();
  return folders_fine && pictures_fine ? kSuccess : kFailure;
}

}  // namespace pliant::tools

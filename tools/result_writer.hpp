// Where the text regions of one or several pictures go.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/output_formats.hpp"
#include "tools/safe_file.hpp"

namespace pliant::tools {

struct ResultTarget {
  Format format = Format::kJson;
  /// A file, or "-" for standard output; with Format::kIcdar also a folder.
  std::string output = "-";
  /// Every picture that may come, in order; names in `output` come from here.
  std::vector<std::string> pictures;
  /// A list of results rather than one, even where there is only one picture.
  bool several = false;
};

/// Writes results as they come (jsonl, tsv, icdar) or as one document at the end (json). A regular file
/// appears whole when finish() is called.
class ResultWriter {
 public:
  /// Refuses what cannot be written before any work is done. Throws UsageError, kIo.
  explicit ResultWriter(ResultTarget target);

  /// `index` of the picture in ResultTarget::pictures. Throws kIo.
  void add(std::size_t index, const PictureResult& result);

  /// Throws kIo.
  void finish();

 private:
  void flush();

  ResultTarget target_;
  std::optional<OutputFile> file_;       // all results in one file
  std::vector<std::string> file_names_;  // or one file a picture
  bool empty_ = true;
  std::string pending_;
};

/// The option --format.
inline constexpr const char* kFormatHelp =
    "json (default) = one document; jsonl = one line a picture; icdar = x1,y1,...,score a region; tsv = a "
    "table";

}  // namespace pliant::tools

#include "tools/result_writer.hpp"

#include <filesystem>
#include <utility>

#include "tools/picture_list.hpp"
#include "tools/usage_error.hpp"

namespace pliant::tools {

ResultWriter::ResultWriter(ResultTarget target) : target_(std::move(target)) {
  if (target_.format == Format::kIcdar) {
    std::error_code error;
    const bool folder = target_.output.ends_with('/') || std::filesystem::is_directory(target_.output, error);
    if (target_.several && target_.output == "-") {
      throw UsageError(
          "--format icdar makes one file a picture: with several pictures it needs --output FOLDER");
    }
    if (folder || target_.several) {
      make_folder(target_.output);
      file_names_ = derived_names(target_.pictures, target_.output, "res_", ".txt");
      return;
    }
  }
  file_.emplace(target_.output);
}

void ResultWriter::add(std::size_t index, const PictureResult& result) {
  if (!file_) {
    OutputFile file(file_names_[index]);
    file.write(to_icdar(result));
    file.commit();
    return;
  }
  switch (target_.format) {
    case Format::kJson:
      if (target_.several) {
        pending_ += (empty_ ? "[\n " : ",\n ") + to_json_lines(result, 1);
      } else {
        pending_ += to_json_lines(result, 0) + "\n";
      }
      break;
    case Format::kJsonl:
      pending_ += to_json_line(result) + "\n";
      break;
    case Format::kTsv:
      pending_ += (empty_ ? tsv_header() : "") + to_tsv(result);
      break;
    case Format::kIcdar:
      pending_ += to_icdar(result);
      break;
  }
  empty_ = false;
  // Of a file that appears at the end nothing is written before: there is no half of it to be left behind.
  if (target_.format != Format::kJson && file_->target().empty()) flush();
}

void ResultWriter::finish() {
  if (!file_) return;
  // The only picture failed: there is nothing to say, and an earlier result stays as it was.
  if (empty_ && !target_.several) return;
  if (target_.format == Format::kJson && target_.several) pending_ += empty_ ? "[]\n" : "\n]\n";
  if (target_.format == Format::kTsv && empty_) pending_ += tsv_header();
  flush();
  file_->commit();
}

void ResultWriter::flush() {
  file_->write(pending_);
  pending_.clear();
}

}  // namespace pliant::tools

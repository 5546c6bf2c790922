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
  switch (target_.format) {
    case Format::kJson:
      if (target_.several) {
        document_ += (empty_ ? "[\n " : ",\n ") + to_json_lines(result, 1);
      } else {
        document_ = to_json_lines(result, 0) + "\n";
      }
      break;
    case Format::kJsonl:
      file_->write(to_json_line(result) + "\n");
      break;
    case Format::kTsv:
      file_->write((empty_ ? tsv_header() : "") + to_tsv(result));
      break;
    case Format::kIcdar:
      if (file_) {
        file_->write(to_icdar(result));
      } else {
        OutputFile file(file_names_[index]);
        file.write(to_icdar(result));
        file.commit();
      }
      break;
  }
  empty_ = false;
}

void ResultWriter::finish() {
  if (!file_) return;
  // The only picture failed: there is nothing to say, and an earlier result stays as it was.
  if (empty_ && !target_.several) return;
  if (target_.format == Format::kJson) {
    if (target_.several) document_ += empty_ ? "[]\n" : "\n]\n";
    file_->write(document_);
  }
  if (target_.format == Format::kTsv && empty_) file_->write(tsv_header());
  file_->commit();
}

}  // namespace pliant::tools

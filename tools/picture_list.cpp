#include "tools/picture_list.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

#include "core/format.hpp"
#include "tools/usage_error.hpp"

namespace pliant::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 8> kExtensions = {".jpg", ".jpeg", ".png", ".bmp",
                                                         ".gif", ".pgm",  ".ppm", ".pnm"};

bool has_picture_name(const fs::path& path) {
  if (path.filename().native().starts_with('.')) return false;
  std::string extension = path.extension().native();
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

template <class Iterator>
std::vector<std::string> pictures_in(const fs::path& folder) {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : Iterator(folder)) {
    std::error_code ignored;  // a file that vanished meanwhile
    if (has_picture_name(entry.path()) && entry.is_regular_file(ignored))
      found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string extensions_text() {
  std::string text;
  for (const std::string_view extension : kExtensions)
    text += core::message(text.empty() ? "" : ", ", extension);
  return text;
}

}  // namespace

PictureList list_pictures(const std::vector<std::string>& arguments, bool recursive,
                          const std::function<void(const std::string& message)>& report) {
  if (std::count(arguments.begin(), arguments.end(), "-") > 1) {
    throw UsageError("standard input (-) can be read only once");
  }
  PictureList list;
  list.several = arguments.size() > 1;
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (argument == "-" || !fs::is_directory(argument, error)) {
      list.pictures.push_back(argument);
      continue;
    }
    list.several = true;
    try {
      std::vector<std::string> found = recursive ? pictures_in<fs::recursive_directory_iterator>(argument)
                                                 : pictures_in<fs::directory_iterator>(argument);
      if (found.empty()) {
        report(core::message("the folder ", argument, " holds no pictures (", extensions_text(), ")",
                             recursive ? "" : "; --recursive looks into the folders below"));
      }
      list.pictures.insert(list.pictures.end(), std::make_move_iterator(found.begin()),
                           std::make_move_iterator(found.end()));
    } catch (const fs::filesystem_error& failure) {
      report(core::message("cannot list the folder ", argument, ": ", failure.code().message()));
    }
  }
  return list;
}

std::vector<std::string> derived_names(const std::vector<std::string>& pictures, const std::string& folder,
                                       const std::string& prefix, const std::string& suffix) {
  // Pictures are known by device and inode: a picture may be named by another path or a link.
  std::set<std::pair<dev_t, ino_t>> sources;
  struct stat status {};
  for (const std::string& picture : pictures) {
    if (::stat(picture.c_str(), &status) == 0) sources.emplace(status.st_dev, status.st_ino);
  }
  std::set<std::string> taken;
  std::vector<std::string> names;
  for (const std::string& picture : pictures) {
    const std::string stem = picture == "-" ? "stdin" : fs::path(picture).stem().string();
    for (int number = 1;; ++number) {
      const std::string middle = number == 1 ? stem : core::message(stem, "-", number);
      std::string name = (fs::path(folder) / (prefix + middle + suffix)).string();
      const bool overwrites =
          ::stat(name.c_str(), &status) == 0 && sources.count({status.st_dev, status.st_ino}) != 0;
      if (overwrites || !taken.insert(name).second) continue;
      names.push_back(std::move(name));
      break;
    }
  }
  return names;
}

}  // namespace pliant::tools

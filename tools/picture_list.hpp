// Which pictures a command line names, and what files made from them are called.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace pliant::tools {

struct PictureList {
  std::vector<std::string> pictures;  ///< paths, or "-" for standard input
  bool several = false;               ///< more than one argument, or a folder
};

/// Replaces folders by the pictures in them: by extension, without hidden files, sorted by name; with
/// `recursive` those in folders below as well. A folder that cannot be read or holds no picture is told to
/// `report`; whether a file is there and a picture is found out when it is read. Throws UsageError where "-"
/// comes twice.
PictureList list_pictures(const std::vector<std::string>& arguments, bool recursive,
                          const std::function<void(const std::string& message)>& report);

/// FOLDER/PREFIX<stem>SUFFIX for each picture. Names that would meet, and names that would overwrite one of
/// the pictures, get "-2", "-3", ... behind the stem; the same list gives the same names.
std::vector<std::string> derived_names(const std::vector<std::string>& pictures, const std::string& folder,
                                       const std::string& prefix, const std::string& suffix);

}  // namespace pliant::tools

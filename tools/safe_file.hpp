// Files that appear whole or not at all.
#pragma once

#include <string>
#include <string_view>

namespace pliant::tools {

/// A file to be written. A regular or absent target is written under a temporary name beside it and renamed
/// onto it by commit(); without commit() nothing changes. A device, a pipe or a socket is written directly,
/// and so are "-" and names of open descriptors such as /dev/stdout. Symbolic links are followed. Every
/// failure is an Error with kIo that names the path.
class OutputFile {
 public:
  /// Finds out what the path is and refuses early what cannot be written (a folder, a missing parent, no
  /// permission); creates nothing yet.
  explicit OutputFile(std::string path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  const std::string& path() const noexcept { return path_; }

  /// The file that commit() puts in place, as an absolute path; empty where the path is written directly. Two
  /// outputs with the same target would replace each other.
  const std::string& target() const noexcept { return target_; }

  void write(std::string_view bytes);

  /// All bytes have been handed to the system. Several files that belong together are all closed before the
  /// first is committed, so that a full disk leaves none of them.
  void close();

  /// Closes and moves into place.
  void commit();

 private:
  void open();

  std::string path_;       // as the user wrote it, for messages
  std::string target_;     // the regular or absent file behind it; empty where it is written directly
  std::string temporary_;  // exists while it is not empty
  int descriptor_ = -1;
  bool owned_ = true;  // false: a descriptor of the process that stays open
  bool done_ = false;
};

/// Whether both paths exist and lead to the same file.
bool same_file(const std::string& a, const std::string& b);

/// Creates a folder and its parents where they are missing. Throws kIo.
void make_folder(const std::string& path);

}  // namespace pliant::tools

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "pliant/error.hpp"
#include "tests/unit/models/sample_files.hpp"

namespace pliant {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("pliant-encode-" + std::to_string(::getpid()));
  Folder() { fs::create_directory(path); }
  ~Folder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  auto files() const { return std::distance(fs::directory_iterator(path), fs::directory_iterator()); }
};

ErrorCode code_of(const Image& image, const std::string& path) {
  try {
    save_image(image, path);
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find(path) != std::string::npos);
    return error.code();
  }
  FAIL("it was written");
  return ErrorCode::kInternal;
}

}  // namespace

TEST_CASE("what is written can be read") {
  const Folder folder;
  for (const int width : {1, 3, 40}) {
    const Image image = test::gradient(width, 17);
    for (const char* name : {"a.png", "b.bmp", "C.PNG"}) {
      save_image(image, folder / name);
      CHECK(load_image(folder / name).pixels == image.pixels);
    }
    for (const char* name : {"d.jpg", "e.JPEG"}) {
      save_image(image, folder / name);
      const Image read = load_image(folder / name);
      CHECK(read.width == width);
      CHECK(read.height == 17);
    }
  }
  CHECK(folder.files() == 5);  // nothing temporary stays
}

TEST_CASE("what cannot be written") {
  const Folder folder;
  const Image image = test::gradient(5, 5);
  CHECK(code_of(image, folder / "a.tiff") == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, folder / "png") == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, (folder / "x.png") + "/noname") == ErrorCode::kInvalidArgument);
  CHECK(code_of(Image{}, folder / "a.png") == ErrorCode::kInvalidArgument);
  CHECK(code_of(Image{5, 5, {}}, folder / "a.png") == ErrorCode::kInvalidArgument);
  CHECK(code_of(image, folder / "missing/a.png") == ErrorCode::kIo);
  CHECK(folder.files() == 0);
}

TEST_CASE("a full disk is reported, and a device is not replaced by a file") {
  const Folder folder;
  fs::create_symlink("/dev/full", folder / "full.png");
  CHECK(code_of(test::gradient(50, 50), folder / "full.png") == ErrorCode::kIo);
  struct stat status {};
  REQUIRE(::stat("/dev/full", &status) == 0);
  CHECK(S_ISCHR(status.st_mode));
  CHECK(folder.files() == 1);
}

TEST_CASE("a link to a picture is followed") {
  const Folder folder;
  const Image image = test::gradient(5, 5);
  save_image(test::gradient(2, 2), folder / "target.png");
  fs::create_symlink("target.png", folder / "link.png");
  save_image(image, folder / "link.png");
  CHECK(fs::is_symlink(folder / "link.png"));
  CHECK(load_image(folder / "target.png").pixels == image.pixels);
}

}  // namespace pliant

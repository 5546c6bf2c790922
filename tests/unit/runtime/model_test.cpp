#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "pliant/pliant.hpp"
#include "tests/support/small_network.hpp"

using namespace pliant;
namespace fs = std::filesystem;

namespace {

/// A file that goes away with the object.
struct TemporaryFile {
  std::string path =
      fs::temp_directory_path() / ("pliant_model_test_" + std::to_string(::getpid()) + ".pliant");
  explicit TemporaryFile(std::span<const std::byte> bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
  }
  ~TemporaryFile() { fs::remove(path); }
};

}  // namespace

TEST_CASE("model: the same from a mapped file, a copied file and memory") {
  const auto bytes = test::small_network();
  const TemporaryFile file(bytes);
  const Model models[] = {Model::load(file.path, {Storage::kMap}), Model::load(file.path, {Storage::kCopy}),
                          Model::from_memory(bytes)};
  for (const Model& model : models) {
    CHECK(model.info().name == "test");
    CHECK(model.info().version_major == 1);
    CHECK(model.info().file_bytes == bytes.size());
    CHECK(model.info().parameters > 1000);
    REQUIRE(model.inputs().size() == 1);
    CHECK(model.inputs()[0].name == "image");
    CHECK(model.inputs()[0].shape == std::vector<std::int64_t>{-1, 3, -1, -1});
    CHECK(model.inputs()[0].multiple_of == std::vector<std::int64_t>{1, 1, 4, 4});
    REQUIRE(model.outputs().size() == 2);
    CHECK(model.outputs()[1].name == "features");
    REQUIRE(model.preprocess().has_value());
    CHECK(model.preprocess()->short_side == 736);
    REQUIRE(model.postprocess().has_value());
  }
}

TEST_CASE("model: borrowed bytes work at every alignment") {
  const auto bytes = test::small_network();
  std::vector<std::byte> room(bytes.size() + 128);
  for (const std::size_t shift : {0, 1, 4, 63}) {
    std::byte* at = room.data() + shift;
    std::copy(bytes.begin(), bytes.end(), at);
    const Model model = Model::from_borrowed_memory({at, bytes.size()});
    Session session(model, {.device = Device::cpu(), .threads = 1});
    Tensor image(Shape{1, 3, 8, 8});
    for (float& v : image.values()) v = 0.25F;
    session.set_input(0, image);
    session.run();
    CHECK(session.output(0).shape() == Shape{1, 1, 8, 8});
  }
}

TEST_CASE("model: bad files get one clear error") {
  CHECK_THROWS_WITH_AS(Model::load("/nonexistent/model.pliant"), doctest::Contains("cannot open model"),
                       Error);
  CHECK_THROWS_WITH_AS(Model::load("/"), doctest::Contains("it is a folder"), Error);
  CHECK_THROWS_WITH_AS(Model::load("/dev/null"), doctest::Contains("not a regular file"), Error);
  CHECK_THROWS_WITH_AS(Model::from_memory({}), doctest::Contains("only 0 bytes"), Error);

  auto wrong = test::small_network();
  wrong[4] = std::byte{'X'};
  CHECK_THROWS_WITH_AS(Model::from_memory(wrong), doctest::Contains("not a Pliant model"), Error);

  test::ModelBuilder newer;
  newer.version(2);
  CHECK_THROWS_WITH_AS(Model::from_memory(newer.finish()), doctest::Contains("format version 2"), Error);
}

TEST_CASE("model: a file of 2 GiB and more is refused before it is read") {
  const std::string path = fs::temp_directory_path() / ("pliant_large_" + std::to_string(::getpid()));
  std::ofstream(path).put('x');
  fs::resize_file(path, std::uint64_t{1} << 31);  // sparse
  CHECK_THROWS_WITH_AS(Model::load(path), doctest::Contains("smaller than 2 GiB"), Error);
  fs::remove(path);
}

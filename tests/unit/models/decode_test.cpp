// What decode_image accepts, what it refuses, and with which words.
#include <unistd.h>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "pliant/error.hpp"
#include "tests/unit/models/sample_files.hpp"

namespace pliant {
namespace {

using test::FileBytes;

// The message of the Error that decoding throws; checks its code, and that it is one line that names the
// picture.
std::string fault(const FileBytes& file, const DecodeOptions& options = {}) {
  try {
    decode_image(file, "it.pic", options);
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(error.code() == ErrorCode::kInvalidImage);
    CHECK(message.rfind("cannot decode picture 'it.pic': ", 0) == 0);
    CHECK(message.find('\n') == std::string::npos);
    return message;
  }
  FAIL("it was decoded");
  return {};
}

bool says(const std::string& message, const std::string& words) {
  INFO(message);
  return message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("samples of every format are decoded") {
  for (const test::Sample& sample : test::sample_files()) {
    INFO(sample.name);
    const Image image = decode_image(sample.file);
    CHECK(image.width > 0);
    CHECK(image.pixels.size() == static_cast<std::size_t>(image.width * image.height * 3));
  }
}

TEST_CASE("pixels come as BGR, row by row") {
  const Image image = decode_image(test::png(3, 2));
  REQUIRE(image.width == 3);
  REQUIRE(image.height == 2);
  CHECK(image.pixels == std::vector<std::uint8_t>{10, 5, 0, 25, 20, 15, 40, 35, 30,  //
                                                  41, 36, 31, 56, 51, 46, 71, 66, 61});
}

TEST_CASE("grey and 16-bit pictures become three channels of 8 bits") {
  const Image grey = decode_image(test::pgm(2, 1));
  CHECK(grey.pixels == std::vector<std::uint8_t>{0, 0, 0, 5, 5, 5});
  const Image wide = decode_image(test::ppm16(2, 1));
  CHECK(wide.pixels == std::vector<std::uint8_t>{2, 1, 0, 5, 4, 3});
}

TEST_CASE("a GIF shows the colour of its transparent index, or its background") {
  FileBytes file = test::gif();
  CHECK(decode_image(file).pixels == std::vector<std::uint8_t>{0, 0, 255, 0, 255, 0, 30, 20, 10, 60, 50, 40});
  // A table of 2 colours: neither the background nor colours 2 and 3 are in it, which leaves the white of
  // paper.
  file[10] = std::byte{0x80};
  file.erase(file.begin() + 19, file.begin() + 25);
  CHECK(decode_image(file).pixels ==
        std::vector<std::uint8_t>{0, 0, 255, 0, 255, 0, 255, 255, 255, 255, 255, 255});
}

TEST_CASE("a BMP with run-length codes fills what no code touches") {
  const Image image = decode_image(test::bmp_rle());
  const auto color = [](int index) {
    const int first = index * 36;
    return std::vector<std::uint8_t>{static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(first + 9),
                                     static_cast<std::uint8_t>(first + 18)};
  };
  std::vector<std::uint8_t> expected;
  for (const int index : {3, 2, 1, 0, 1, 0, 0, 2}) {
    const auto c = color(index);
    expected.insert(expected.end(), c.begin(), c.end());
  }
  CHECK(image.pixels == expected);
}

TEST_CASE("what is not a picture is refused") {
  CHECK(says(fault({}), "the file is empty"));
  CHECK(says(fault(test::to_bytes("Dear reader,\nthis is a text.\n")), "not a picture of a known format"));
  CHECK(says(fault(test::to_bytes("P3\n1 1\n255\n0 0 0\n")), "not a picture of a known format"));
  CHECK(says(fault(test::to_bytes("B")), "not a picture of a known format"));
}

TEST_CASE("a picture of no pixels is refused") {
  for (const FileBytes& file :
       {test::png_header(0, 0), test::png_header(0, 5), test::bmp_header(0, 0), test::bmp_header(4, 0),
        test::to_bytes("P5 0 0 255\n"), test::to_bytes("P6 0 9 255\n")}) {
    CHECK(says(fault(file), "expected at least 1x1"));
  }
}

TEST_CASE("a picture that is too large is refused before its pixels are looked at") {
  CHECK(says(fault(test::png_header(100000, 100000)), "100000x100000 = 10000000000 pixels"));
  CHECK(says(fault(test::png_header(0xFFFFFFFF, 0xFFFFFFFF)), "more than the limit"));
  CHECK(
      says(fault(test::pgm(20, 10), {.max_pixels = 199}), "20x10 = 200 pixels, more than the limit of 199"));
  CHECK_NOTHROW(decode_image(test::pgm(20, 10), "it", {.max_pixels = 200}));
  CHECK(says(fault(test::jpeg(20, 10), {.max_pixels = 199}), "more than the limit"));
  CHECK(says(fault(test::png(20, 10), {.max_pixels = 199}), "more than the limit"));
  CHECK(says(fault(test::bmp(20, 10), {.max_pixels = 199}), "more than the limit"));
  CHECK(says(fault(test::gif(), {.max_pixels = 3}), "more than the limit"));
  // Not even a raised limit lets sizes through that cannot be addressed.
  CHECK_FALSE(fault(test::png_header(0xFFFFFFFF, 1), {.max_pixels = ~std::uint64_t{0}}).empty());
  CHECK_FALSE(fault(test::png_header(60000, 60000), {.max_pixels = ~std::uint64_t{0}}).empty());
}

TEST_CASE("large headers without pixels") {
  CHECK(says(fault(test::bmp_header(100000, 100000)), "cut off"));
  CHECK(says(fault(test::bmp_header(0x7FFFFFFF, std::numeric_limits<std::int32_t>::min())), "cut off"));
  CHECK(says(fault(test::bmp_header(-5, 5)), "width -5"));
  CHECK(says(fault(test::to_bytes("P6 100000 100000 255\n")), "cut off"));
  CHECK(says(fault(test::to_bytes("P6 2147483647 2147483647 65535\n")), "cut off"));
  CHECK(says(fault(test::to_bytes("P6 99999999999999999999 1 255\n")), "too large"));
}

TEST_CASE("a file that was cut off is refused, wherever it was cut") {
  for (const test::Sample& sample : test::sample_files()) {
    const std::string& name = sample.name;
    const FileBytes& file = sample.file;
    const std::size_t end = name == "gif" ? file.size() - 1 : file.size();  // the trailer is not needed
    for (std::size_t size = 0; size < end; ++size) {
      INFO(name, " cut to ", size, " of ", file.size());
      const FileBytes part(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
      // A BMP's last row may lack its padding, of which there is one byte; a run-length coded picture is
      // whole without its end code.
      const bool whole = (name == "bmp" && size + 1 >= file.size());
      if (whole) {
        CHECK_NOTHROW(decode_image(part));
      } else {
        CHECK_FALSE(fault(part).empty());
      }
    }
  }
}

TEST_CASE("bytes behind the picture do no harm") {
  for (const test::Sample& sample : test::sample_files()) {
    INFO(sample.name);
    FileBytes file = sample.file;
    const Image alone = decode_image(file);
    file.resize(file.size() + 100, std::byte{0x55});
    CHECK(decode_image(file).pixels == alone.pixels);
  }
}

TEST_CASE("a PNG with a wrong checksum is refused") {
  FileBytes file = test::png(6, 4);
  file[file.size() - 13] ^= std::byte{1};  // the last byte of the data's checksum
  CHECK(says(fault(file), "checksum"));
}

TEST_CASE("a small PNG that inflates to far more than its size is refused without the memory") {
  // One deflate block with fixed codes: a literal zero, then matches of 258 zeros at distance 1, of 13 bits
  // each.
  FileBytes zlib = test::to_bytes("\x78\x01");
  unsigned pending = 0;
  int bits = 0;
  const auto put = [&](const char* code) {
    for (; *code != 0; ++code) {
      pending |= static_cast<unsigned>(*code - '0') << bits;
      if (++bits == 8) {
        zlib.push_back(static_cast<std::byte>(pending));
        pending = 0;
        bits = 0;
      }
    }
  };
  put("110");       // the last block, fixed codes
  put("00110000");  // literal 0
  constexpr int kInflated = 256 << 20;
  for (int size = 1; size < kInflated; size += 258) {
    put("11000101");  // length 258
    put("00000");     // distance 1
  }
  put("0000000");  // the end
  put("0000000");  // to a whole byte
  zlib.resize(zlib.size() + 4);
  FileBytes file = test::png_header(1, 1);
  constexpr std::size_t kHeaderEnd = 33;
  file.resize(kHeaderEnd);
  for (const FileBytes& chunk : {test::png_chunk("IDAT", zlib), test::png_chunk("IEND", {})}) {
    file.insert(file.end(), chunk.begin(), chunk.end());
  }
  CHECK(file.size() < (2U << 20));
  CHECK(says(fault(file), "more memory than a picture of its size can need"));
}

TEST_CASE("files that cannot be read") {
  const auto code_of = [](const std::string& path) {
    try {
      load_image(path);
    } catch (const Error& error) {
      CHECK(std::string(error.what()).find(path) != std::string::npos);
      return error.code();
    }
    FAIL("it was read");
    return ErrorCode::kInternal;
  };
  const auto folder =
      std::filesystem::temp_directory_path() / ("pliant-decode-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  CHECK(code_of((folder / "missing.png").string()) == ErrorCode::kIo);
  CHECK(code_of(folder.string()) == ErrorCode::kIo);
  CHECK(code_of("/dev/null") == ErrorCode::kInvalidImage);
  const std::string path = (folder / "ünï cödé.ppm").string();
  const FileBytes file = test::ppm16(5, 3);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  CHECK(load_image(path).pixels == decode_image(file).pixels);
  std::filesystem::remove_all(folder);
}

}  // namespace pliant

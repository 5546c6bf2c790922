#include <doctest/doctest.h>

#include "models/exif.hpp"
#include "tests/unit/models/sample_files.hpp"

namespace pliant {
namespace {

// Six different pixels, named by their letters: "abc/def".
Image picture_of(const std::string& rows) {
  Image image;
  for (const char c : rows) {
    if (c == '/') {
      ++image.height;
      continue;
    }
    image.pixels.insert(image.pixels.end(), 3, static_cast<std::uint8_t>(c));
  }
  ++image.height;
  image.width = static_cast<int>(image.pixels.size()) / 3 / image.height;
  return image;
}

std::string rows_of(const Image& image) {
  std::string rows;
  for (int i = 0; i < image.width * image.height; ++i) {
    if (i > 0 && i % image.width == 0) {
      rows += '/';
    }
    rows += static_cast<char>(image.pixels[static_cast<std::size_t>(i) * 3]);
  }
  return rows;
}

}  // namespace

TEST_CASE("orientations") {
  // By the EXIF standard, where the stored first row and first column are in the upright picture.
  const std::pair<int, const char*> cases[] = {{1, "abc/def"},   // top, left
                                               {2, "cba/fed"},   // top, right
                                               {3, "fed/cba"},   // bottom, right
                                               {4, "def/abc"},   // bottom, left
                                               {5, "ad/be/cf"},  // left, top
                                               {6, "da/eb/fc"},  // right, top
                                               {7, "fc/eb/da"},  // right, bottom
                                               {8, "cf/be/ad"},  // left, bottom
                                               {0, "abc/def"},  {9, "abc/def"}};
  for (const auto& item : cases) {
    INFO(item.first);
    Image image = picture_of("abc/def");
    models::apply_orientation(image, item.first);
    CHECK(rows_of(image) == item.second);
  }
}

TEST_CASE("the orientation tag is found in either byte order") {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CHECK(models::exif_orientation(test::tiff(orientation, false)) == orientation);
    CHECK(models::exif_orientation(test::tiff(orientation, true)) == orientation);
  }
  CHECK(models::exif_orientation(test::tiff(0, true)) == 1);
  CHECK(models::exif_orientation(test::tiff(9, true)) == 1);
}

TEST_CASE("damaged EXIF data means upright") {
  const test::FileBytes block = test::tiff(6, false);
  const std::size_t tag_end = 8 + 2 + 24;
  for (std::size_t size = 0; size < tag_end; ++size) {
    CHECK(models::exif_orientation(models::Bytes(block).first(size)) == 1);
  }
  test::FileBytes far = block;
  far[7] = std::byte{0xFF};  // the directory lies outside
  CHECK(models::exif_orientation(far) == 1);
}

TEST_CASE("a JPEG and a PNG are turned upright") {
  const Image stored = decode_image(test::jpeg(20, 12));
  Image turned = decode_image(test::with_exif(test::jpeg(20, 12), 6, true));
  CHECK(turned.width == 12);
  CHECK(turned.height == 20);
  models::apply_orientation(turned, 8);
  CHECK(turned.pixels == stored.pixels);

  Image png = decode_image(test::png(6, 4, test::png_chunk("eXIf", test::tiff(5, false))));
  CHECK(png.width == 4);
  models::apply_orientation(png, 5);
  CHECK(png.pixels == decode_image(test::png(6, 4)).pixels);
}

}  // namespace pliant

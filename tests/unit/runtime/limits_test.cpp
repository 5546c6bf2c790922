// A file's parts may lie over each other, so that a small file could describe a huge network.
#include <doctest/doctest.h>

#include "pliant/pliant.hpp"
#include "tests/support/model_builder.hpp"

using namespace pliant;
using test::ModelBuilder;

namespace {

/// x -> relu -> y with names of one's choice.
std::vector<std::byte> chain(const std::string& node, const std::string& value, const std::string& input) {
  ModelBuilder m;
  const int x = m.value(value);
  const int y = m.value("y");
  m.input(x, input, {-1, 3, -1, -1});
  m.node(node, schema::CreateReLU(m.fbb), {x}, {y});
  m.output(y, "y", {-1, 3, -1, -1});
  return m.finish();
}

void refuse(const std::vector<std::byte>& file, const char* part) {
  CHECK_THROWS_WITH_AS(Model::from_memory(file), doctest::Contains(part), Error);
}

}  // namespace

TEST_CASE("limits: names are short and of one line") {
  CHECK_NOTHROW(Model::from_memory(chain("r", "x", "x")));
  CHECK_NOTHROW(Model::from_memory(chain("r", "x", std::string(1024, 'i'))));
  refuse(chain("a\nb", "x", "x"), "the name 'a?b' of a node has control characters");
  refuse(chain(std::string("a\0b", 3), "x", "x"), "the name 'a?b' of a node");
  refuse(chain("r", "\033[2J", "x"), "the name '?[2J' of a value");
  refuse(chain("r", "x", "\x7F"), "the name '?' of an input");
  refuse(chain("r", "x", std::string(1025, 'i')), "a name of an input has 1025 bytes");
}

TEST_CASE("limits: inputs of one node") {
  ModelBuilder m;
  const int x = m.value("x");
  const int y = m.value("y");
  m.input(x, "x", {-1, 3, -1, -1});
  m.node("cat", schema::CreateConcat(m.fbb, 1), std::vector<int>(1025, x), {y});
  m.output(y, "y", {-1, -1, -1, -1});
  refuse(m.finish(), "it has 1025 inputs of one node, at most 1024");
}

TEST_CASE("limits: nodes") {
  ModelBuilder m;
  int last = m.value("x");
  m.input(last, "x", {-1});
  for (int i = 0; i <= 1 << 14; ++i) {
    const int next = m.value("v", 1);
    m.node("n" + std::to_string(i), schema::CreateReLU(m.fbb), {last}, {next});
    last = next;
  }
  m.output(last, "y", {-1});
  refuse(m.finish(), "at most 16384 are supported");
}

TEST_CASE("limits: weights over each other") {
  for (const int times : {1, 3}) {
    flatbuffers::FlatBufferBuilder fbb;
    const std::vector<std::uint8_t> bytes(4096);
    fbb.ForceVectorAlignment(bytes.size(), 1, 64);
    const auto data = fbb.CreateVector(bytes);
    const auto shape = fbb.CreateVector(std::vector<std::int64_t>{1024});
    const auto shared = schema::CreateWeight(fbb, 0, schema::DType::float32, shape, data);
    const auto value = schema::CreateValue(fbb, fbb.CreateString("x"), 1, schema::DType::float32);
    const auto port =
        schema::CreatePort(fbb, 0, fbb.CreateString("x"), fbb.CreateVector(std::vector<std::int64_t>{-1}), 0);
    const auto values = fbb.CreateVector(&value, 1);
    const auto weights = fbb.CreateVector(std::vector(static_cast<std::size_t>(times), shared));
    const auto nodes = fbb.CreateVector(std::vector<flatbuffers::Offset<schema::Node>>());
    const auto ports = fbb.CreateVector(&port, 1);
    schema::FinishModelBuffer(fbb, schema::CreateModel(fbb, 1, 0, 0, values, weights, nodes, ports, ports));
    const auto file = std::as_bytes(std::span(fbb.GetBufferPointer(), fbb.GetSize()));
    if (times == 1)
      CHECK_NOTHROW(Model::from_memory(file));
    else
      CHECK_THROWS_WITH_AS(Model::from_memory(file), doctest::Contains("weights add up to 12288 bytes"),
                           Error);
  }
}

TEST_CASE("limits: numbers that are not aligned to their size") {
  ModelBuilder m;
  const int x = m.value("x");
  m.input(x, "x", {1, 3, -1, -1});
  m.output(x, "y", {-1, 3, -1, -1});
  std::vector<std::byte> file = m.finish();
  // Every number once changed by 4: among them is the offset of a shape, whose first size is then taken for
  // its length.
  bool seen = false;
  for (std::size_t at = 0; at + 4 <= file.size(); at += 4)
    for (const int shift : {-4, 4}) {
      std::vector<std::byte> spoiled = file;
      std::uint32_t offset = 0;
      std::memcpy(&offset, spoiled.data() + at, sizeof offset);
      offset += static_cast<std::uint32_t>(shift);
      std::memcpy(spoiled.data() + at, &offset, sizeof offset);
      try {
        Model::from_memory(spoiled);
      } catch (const Error& error) {
        seen = seen || std::string(error.what()).find("not aligned to 8 bytes") != std::string::npos;
      }
    }
  CHECK(seen);
}

// Makes small model files in memory, for tests. Nothing is checked: broken models are wanted, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "schema/model_generated.h"

namespace pliant::test {

class ModelBuilder {
 public:
  flatbuffers::FlatBufferBuilder fbb{1024};

  /// Index of a new value.
  int value(const std::string& name, int rank = 4) {
    values_.push_back(schema::CreateValue(fbb, fbb.CreateString(name), static_cast<std::uint8_t>(rank),
                                          schema::DType::float32));
    return static_cast<int>(values_.size()) - 1;
  }

  /// Index of a new weight.
  int weight(const std::string& name, const std::vector<std::int64_t>& shape,
             const std::vector<float>& data) {
    return weight(name, shape, schema::DType::float32, data.data(), data.size() * sizeof(float));
  }

  /// The same of half precision; `data` holds the numbers' bits.
  int weight(const std::string& name, const std::vector<std::int64_t>& shape,
             const std::vector<std::uint16_t>& data) {
    return weight(name, shape, schema::DType::float16, data.data(), data.size() * sizeof(std::uint16_t));
  }

  template <class T>
  void node(const std::string& name, flatbuffers::Offset<T> layer, const std::vector<int>& inputs,
            const std::vector<int>& outputs) {
    const auto name_at = fbb.CreateString(name);
    const auto inputs_at = fbb.CreateVector(inputs);
    const auto outputs_at = fbb.CreateVector(outputs);
    nodes_.push_back(schema::CreateNode(fbb, name_at, schema::LayerTraits<T>::enum_value, layer.Union(),
                                        inputs_at, outputs_at));
  }

  void input(int value, const std::string& name, const std::vector<std::int64_t>& shape,
             const std::vector<int>& multiple_of = {}) {
    inputs_.push_back(port(value, name, shape, multiple_of));
  }
  void output(int value, const std::string& name, const std::vector<std::int64_t>& shape) {
    outputs_.push_back(port(value, name, shape, {}));
  }

  void version(int major) { major_ = major; }
  flatbuffers::Offset<schema::TextPostprocess> postprocess;
  flatbuffers::Offset<schema::ImagePreprocess> preprocess;

  std::vector<std::byte> finish() {
    const auto name = fbb.CreateString("test");
    const auto values = fbb.CreateVector(values_);
    const auto weights = fbb.CreateVector(weights_);
    const auto nodes = fbb.CreateVector(nodes_);
    const auto inputs = fbb.CreateVector(inputs_);
    const auto outputs = fbb.CreateVector(outputs_);
    schema::FinishModelBuffer(
        fbb, schema::CreateModel(fbb, static_cast<std::uint16_t>(major_), 0, name, values, weights, nodes,
                                 inputs, outputs, preprocess, postprocess));
    std::vector<std::byte> bytes(fbb.GetSize());
    std::memcpy(bytes.data(), fbb.GetBufferPointer(), bytes.size());
    return bytes;
  }

 private:
  int weight(const std::string& name, const std::vector<std::int64_t>& shape, schema::DType dtype,
             const void* data, std::size_t bytes) {
    const auto name_at = fbb.CreateString(name);
    const auto shape_at = fbb.CreateVector(shape);
    fbb.ForceVectorAlignment(bytes, 1, 64);
    const auto data_at = fbb.CreateVector(static_cast<const std::uint8_t*>(data), bytes);
    weights_.push_back(schema::CreateWeight(fbb, name_at, dtype, shape_at, data_at));
    return static_cast<int>(weights_.size()) - 1;
  }

  flatbuffers::Offset<schema::Port> port(int value, const std::string& name,
                                         const std::vector<std::int64_t>& shape,
                                         const std::vector<int>& multiple_of) {
    const auto name_at = fbb.CreateString(name);
    const auto shape_at = fbb.CreateVector(shape);
    const auto multiple_at = multiple_of.empty() ? flatbuffers::Offset<flatbuffers::Vector<std::int32_t>>()
                                                 : fbb.CreateVector(multiple_of);
    return schema::CreatePort(fbb, value, name_at, shape_at, multiple_at);
  }

  int major_ = 1;
  std::vector<flatbuffers::Offset<schema::Value>> values_;
  std::vector<flatbuffers::Offset<schema::Weight>> weights_;
  std::vector<flatbuffers::Offset<schema::Node>> nodes_;
  std::vector<flatbuffers::Offset<schema::Port>> inputs_;
  std::vector<flatbuffers::Offset<schema::Port>> outputs_;
};

}  // namespace pliant::test

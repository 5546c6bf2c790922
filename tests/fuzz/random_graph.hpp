// A network made of choices: mostly one that runs, with attributes at and beyond the edge.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "pliant/tensor.hpp"
#include "tests/fuzz/byte_reader.hpp"
#include "tests/support/model_builder.hpp"

namespace pliant::fuzz {

/// The input "x" is [batch, channels, height, width]; the outputs are the last value and one before it.
class RandomGraph {
 public:
  explicit RandomGraph(std::span<const std::byte> choices);

  std::vector<std::byte> finish() { return builder_.finish(); }
  const Tensor& input() const { return input_; }
  /// All numbers are moderate, so that two ways to compute must agree; else there are infinities and NaN.
  bool calm() const { return calm_; }

 private:
  struct Size {
    std::int64_t c, h, w;
  };
  struct Value {
    int index;
    Size size;
  };
  struct Window {
    schema::Pair kernel, stride, padding, dilation;
  };

  float number(float low, float high);
  std::vector<float> numbers(std::int64_t count, float low = -0.5F, float high = 0.5F);
  schema::Pair pair(int least, int most);
  Window window();
  int weight(const std::vector<std::int64_t>& shape, float low = -0.5F, float high = 0.5F);
  int bias(std::int64_t channels) { return in_.flag() ? weight({channels}) : -1; }
  std::int64_t divisor(std::int64_t number);

  const Value& any_value() { return values_[in_.byte() % values_.size()]; }
  template <class T>
  const Value& add(flatbuffers::Offset<T> layer, const std::vector<int>& inputs, const Size& size) {
    const std::string name = "v" + std::to_string(values_.size());
    const int value = builder_.value(name);
    builder_.node(name, layer, inputs, {value});
    return values_.emplace_back(Value{value, size});
  }
  // random_graph.cpp: what convolutional networks have had from the start.
  void convolution();
  void deformable();
  void transposed();
  void pool();
  void norm();
  void binary();
  void concat();
  void slice();
  void upsample();
  void early_layer();
  // random_layers.cpp: the others.
  void unary();
  void average_pool();
  void mean();
  void softmax();
  void linear();
  void pad();
  void transpose();
  void fold();
  void shuffle();
  void constant();
  void bilinear();
  void regions();
  void layer();

  ByteReader in_;
  bool calm_;
  std::mt19937 random_;
  test::ModelBuilder builder_;
  std::vector<Value> values_;
  Tensor input_;
};

}  // namespace pliant::fuzz

#include "tests/fuzz/random_graph.hpp"

#include <limits>

namespace pliant::fuzz {
namespace {

std::int64_t window_size(std::int64_t in, int kernel, int stride, int padding, int dilation) {
  const std::int64_t room = in + 2 * std::int64_t{padding} - std::int64_t{dilation} * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

}  // namespace

RandomGraph::RandomGraph(std::span<const std::byte> choices)
    : in_(choices), calm_(in_.number(0, 3) != 0), random_(in_.byte()) {
  const int batch = in_.number(1, 3);
  const Size size{in_.number(1, 20), in_.number(1, 18), in_.number(1, 18)};
  input_ = Tensor(Shape{batch, size.c, size.h, size.w});
  for (float& v : input_.values()) v = number(-1, 1);
  const int x = builder_.value("x");
  builder_.input(x, "x", {-1, in_.flag() ? size.c : -1, -1, -1});
  values_.push_back({x, size});
  for (int count = in_.number(1, 8); count > 0; --count) {
    layer();
    const Size& last = values_.back().size;
    if (last.c < 1 || last.h < 1 || last.w < 1 || last.c * last.h * last.w > 1 << 16) break;
  }
  const auto output = [this](const std::string& name, const Value& value) {
    builder_.output(value.index, name, {-1, -1, -1, -1});
  };
  output("last", values_.back());
  output("other", any_value());
}

void RandomGraph::early_layer() {
  const Value from = any_value();
  switch (in_.number(0, 12)) {
    case 0:
    case 1:
      return convolution();
    case 2:
    case 3:
      return deformable();
    case 4:
      return transposed();
    case 5:
      return pool();
    case 6:
      return norm();
    case 7:
      return binary();
    case 8:
      return concat();
    case 9:
      return slice();
    case 10:
      return upsample();
    case 11:
      add(schema::CreateSigmoid(builder_.fbb), {from.index}, from.size);
      return;
    default:
      add(schema::CreateReLU(builder_.fbb), {from.index}, from.size);
  }
}

float RandomGraph::number(float low, float high) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kWild[] = {kInfinity, -kInfinity,   std::numeric_limits<float>::quiet_NaN(),
                             3e38F,     -3e38F,       1e-42F,
                             -1.0F,     2147483648.0F};
  const std::uint32_t bits = random_();
  if (!calm_ && bits % 16 == 0) return kWild[bits / 16 % std::size(kWild)];
  return low + (high - low) * static_cast<float>(bits >> 8) / static_cast<float>(1 << 24);
}

std::vector<float> RandomGraph::numbers(std::int64_t count, float low, float high) {
  std::vector<float> result(static_cast<std::size_t>(count));
  for (float& v : result) v = number(low, high);
  return result;
}

schema::Pair RandomGraph::pair(int least, int most) {
  const int h = in_.number(least, most);
  return schema::Pair(h, in_.flag() ? h : in_.number(least, most));
}

RandomGraph::Window RandomGraph::window() {
  const bool large = in_.number(0, 7) == 0;
  return {pair(1, large ? 12 : 4), pair(1, large ? 9 : 2), pair(0, large ? 12 : 2), pair(1, large ? 5 : 2)};
}

int RandomGraph::weight(const std::vector<std::int64_t>& shape, float low, float high) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  if (in_.number(0, 3) == 0) {  // of half precision: calm ones from 2^-5 to 1/2
    std::vector<std::uint16_t> halves(static_cast<std::size_t>(count));
    for (std::uint16_t& half : halves) {
      const std::uint32_t bits = random_();
      half = static_cast<std::uint16_t>(calm_ ? (bits & 0x83ffU) | (10 + bits / 65536 % 4) << 10 : bits);
      if (low >= 0) half &= 0x7fffU;
    }
    return builder_.weight("w", shape, halves);
  }
  return builder_.weight("w", shape, numbers(count, low, high));
}

std::int64_t RandomGraph::divisor(std::int64_t number) {
  std::int64_t result = in_.number(1, static_cast<int>(std::min<std::int64_t>(number, 64)));
  while (number % result != 0) --result;
  return result;
}

void RandomGraph::convolution() {
  const Value from = any_value();
  const Window w = window();
  const std::int64_t groups = in_.flag() ? 1 : in_.flag() ? from.size.c : divisor(from.size.c);
  const std::int64_t to = groups * in_.number(1, groups == 1 ? 40 : 3);
  const int weights = weight({to, from.size.c / groups, w.kernel.h(), w.kernel.w()}, -0.3F, 0.3F);
  const Size size{to, window_size(from.size.h, w.kernel.h(), w.stride.h(), w.padding.h(), w.dilation.h()),
                  window_size(from.size.w, w.kernel.w(), w.stride.w(), w.padding.w(), w.dilation.w())};
  const int biases = bias(to);
  add(schema::CreateConv2d(builder_.fbb, weights, biases, &w.stride, &w.padding, &w.dilation,
                           static_cast<int>(groups)),
      {from.index}, size);
}

void RandomGraph::deformable() {
  const Value from = any_value();
  Window w = window();
  w.kernel = schema::Pair(std::min(w.kernel.h(), 5), std::min(w.kernel.w(), 5));
  const std::int64_t groups = divisor(from.size.c);
  const std::int64_t offset_groups = in_.flag() ? 1 : divisor(from.size.c);
  const std::int64_t taps = offset_groups * w.kernel.h() * w.kernel.w();
  const std::int64_t to = groups * in_.number(1, 6);
  const auto read = in_.number(0, 3) == 0 ? schema::OffsetRead::flat_prefix : schema::OffsetRead::exact;
  const schema::Pair one(1, 1);
  const Size size{to, window_size(from.size.h, w.kernel.h(), w.stride.h(), w.padding.h(), w.dilation.h()),
                  window_size(from.size.w, w.kernel.w(), w.stride.w(), w.padding.w(), w.dilation.w())};
  const auto map = [&](std::int64_t channels, float range) {
    const int weights = weight({channels, from.size.c, w.kernel.h(), w.kernel.w()}, -range, range);
    const bool whole = read == schema::OffsetRead::flat_prefix && in_.flag();  // larger than the output
    const Size map_size{channels, whole ? from.size.h : size.h, whole ? from.size.w : size.w};
    return add(
        schema::CreateConv2d(builder_.fbb, weights, -1, whole ? &one : &w.stride, &w.padding, &w.dilation, 1),
        {from.index}, map_size);
  };
  const float range = in_.flag() ? 0.2F : 3.0F;
  std::vector<int> inputs{from.index, map(2 * taps, range).index};
  if (in_.flag()) {
    const Value logits = map(taps, 0.3F);
    inputs.push_back(add(schema::CreateSigmoid(builder_.fbb), {logits.index}, logits.size).index);
  }
  const int weights = weight({to, from.size.c / groups, w.kernel.h(), w.kernel.w()}, -0.3F, 0.3F);
  const int biases = bias(to);
  add(schema::CreateDeformConv2d(builder_.fbb, weights, biases, &w.stride, &w.padding, &w.dilation,
                                 static_cast<int>(groups), static_cast<int>(offset_groups), read),
      inputs, size);
}

void RandomGraph::transposed() {
  const Value from = any_value();
  const Window w = window();
  const std::int64_t groups = in_.flag() ? 1 : divisor(from.size.c);
  const std::int64_t each = in_.number(1, 8);
  const schema::Pair more = in_.flag() ? schema::Pair(0, 0) : pair(0, 1);
  const int weights = weight({from.size.c, each, w.kernel.h(), w.kernel.w()}, -0.3F, 0.3F);
  const auto grown = [](std::int64_t in, int kernel, int stride, int padding, int dilation,
                        int output_padding) {
    return (in - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1;
  };
  const Size size{each * groups,
                  grown(from.size.h, w.kernel.h(), w.stride.h(), w.padding.h(), w.dilation.h(), more.h()),
                  grown(from.size.w, w.kernel.w(), w.stride.w(), w.padding.w(), w.dilation.w(), more.w())};
  const int biases = bias(each * groups);
  add(schema::CreateConvTranspose2d(builder_.fbb, weights, biases, &w.stride, &w.padding, &more, &w.dilation,
                                    static_cast<int>(groups)),
      {from.index}, size);
}

void RandomGraph::pool() {
  const Value from = any_value();
  Window w = window();
  if (in_.number(0, 7) != 0)
    w.padding =
        schema::Pair(std::min(w.padding.h(), w.kernel.h() / 2), std::min(w.padding.w(), w.kernel.w() / 2));
  const bool ceil_mode = in_.flag();
  // Ceil mode may add one; later layers that rely on the size are then refused.
  const Size size{from.size.c,
                  window_size(from.size.h, w.kernel.h(), w.stride.h(), w.padding.h(), w.dilation.h()),
                  window_size(from.size.w, w.kernel.w(), w.stride.w(), w.padding.w(), w.dilation.w())};
  add(schema::CreateMaxPool2d(builder_.fbb, &w.kernel, &w.stride, &w.padding, &w.dilation, ceil_mode),
      {from.index}, size);
}

void RandomGraph::norm() {
  const Value from = any_value();
  const std::int64_t c = from.size.c;
  const int scale = in_.flag() ? weight({c}) : -1;
  const int shift = bias(c);
  const int mean = weight({c});
  const int var = weight({c}, 0.5F, 2);
  add(schema::CreateBatchNorm2d(builder_.fbb, scale, shift, mean, var, 1e-5), {from.index}, from.size);
}

void RandomGraph::binary() {
  const Value a = any_value();
  const int kind = in_.number(0, 3);
  Value b = any_value();
  switch (in_.number(0, 2)) {
    case 0:  // of equal shape
      b = add(schema::CreateSigmoid(builder_.fbb), {a.index}, a.size);
      break;
    case 1: {  // one channel for all
      b = add(schema::CreateSlice(builder_.fbb, in_.number(1, 3), 0, 1, 1), {a.index}, a.size);
      break;
    }
    default:
      break;
  }
  const std::vector<int> inputs = in_.flag() ? std::vector{a.index, b.index} : std::vector{b.index, a.index};
  switch (kind) {
    case 0:
      add(schema::CreateAdd(builder_.fbb), inputs, a.size);
      return;
    case 1:
      add(schema::CreateMul(builder_.fbb), inputs, a.size);
      return;
    case 2:
      add(schema::CreateSub(builder_.fbb), inputs, a.size);
      return;
    default:
      // Dividing by a number around 0 makes anything of its rounding error; a sigmoid's error is relative.
      if (calm_) b = add(schema::CreateSigmoid(builder_.fbb), {b.index}, b.size);
      add(schema::CreateDiv(builder_.fbb), {a.index, b.index}, a.size);
  }
}

void RandomGraph::concat() {
  const Value a = any_value();
  Size size = a.size;
  std::vector<int> inputs{a.index};
  for (int more = in_.number(0, 2); more > 0; --more) {
    const Value b = any_value();
    const bool fits = b.size.h == a.size.h && b.size.w == a.size.w;
    inputs.push_back(fits ? b.index : a.index);
    size.c += fits ? b.size.c : a.size.c;
  }
  add(schema::CreateConcat(builder_.fbb, in_.number(0, 15) == 0 ? in_.number(0, 3) : 1), inputs, size);
}

void RandomGraph::slice() {
  const Value from = any_value();
  Size size = from.size;
  const int axis = in_.number(1, 3);
  std::int64_t& extent = axis == 1 ? size.c : axis == 2 ? size.h : size.w;
  const std::int64_t start = in_.byte() % extent;
  const std::int64_t step = in_.number(1, 3);
  const std::int64_t end = in_.flag() ? std::numeric_limits<std::int64_t>::max() : extent;
  const std::int64_t before = extent;
  extent = (before - start - 1) / step + 1;
  add(schema::CreateSlice(builder_.fbb, axis, in_.flag() ? start : start - before, end, step), {from.index},
      size);
}

void RandomGraph::upsample() {
  const Value from = any_value();
  if (in_.flag()) {
    const Value to = any_value();
    add(schema::CreateUpsample(builder_.fbb, schema::UpsampleMode::nearest, 0, 0), {from.index, to.index},
        {from.size.c, to.size.h, to.size.w});
    return;
  }
  const double scale_h = in_.number(1, 24) / 8.0;
  const double scale_w = in_.flag() ? scale_h : in_.number(1, 24) / 8.0;
  add(schema::CreateUpsample(builder_.fbb, schema::UpsampleMode::nearest, scale_h, scale_w), {from.index},
      {from.size.c, static_cast<std::int64_t>(static_cast<double>(from.size.h) * scale_h),
       static_cast<std::int64_t>(static_cast<double>(from.size.w) * scale_w)});
}

}  // namespace pliant::fuzz

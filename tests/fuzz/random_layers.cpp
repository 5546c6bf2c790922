// The layers of random networks beyond the ones of convolutional networks, alone or in the groups that occur.
#include <limits>

#include "tests/fuzz/random_graph.hpp"

namespace pliant::fuzz {

void RandomGraph::layer() {
  switch (in_.number(0, 23)) {
    case 0:
    case 1:
      return unary();
    case 2:
      return average_pool();
    case 3:
      return mean();
    case 4:
      return softmax();
    case 5:
      return linear();
    case 6:
      return pad();
    case 7:
      return transpose();
    case 8:
      return fold();
    case 9:
      return shuffle();
    case 10:
      return constant();
    case 11:
      return bilinear();
    case 12:
      return regions();
    default:
      return early_layer();
  }
}

void RandomGraph::unary() {
  const Value from = any_value();
  const std::vector<int> inputs{from.index};
  switch (in_.number(0, 4)) {
    case 0:
      add(schema::CreateLeakyReLU(builder_.fbb, number(-1, 1)), inputs, from.size);
      return;
    case 1:
      add(schema::CreateHardswish(builder_.fbb), inputs, from.size);
      return;
    case 2:
      add(schema::CreateHardsigmoid(builder_.fbb, number(-1, 1), number(-1, 1)), inputs, from.size);
      return;
    case 3:
      add(schema::CreateSwish(builder_.fbb), inputs, from.size);
      return;
    default: {
      const double low = number(-2, 1);  // sometimes above the other bound, as PyTorch allows
      add(schema::CreateClamp(builder_.fbb, low, number(0, 2)), inputs, from.size);
    }
  }
}

void RandomGraph::average_pool() {
  const Value from = any_value();
  Window w = window();
  if (in_.number(0, 7) != 0)
    w.padding =
        schema::Pair(std::min(w.padding.h(), w.kernel.h() / 2), std::min(w.padding.w(), w.kernel.w() / 2));
  const bool ceil_mode = in_.flag();
  const bool count_pad = in_.flag();
  const int divisor = in_.number(0, 3) == 0 ? in_.number(-3, 9) : 0;
  const Size size{from.size.c, (from.size.h + 2 * w.padding.h() - w.kernel.h()) / w.stride.h() + 1,
                  (from.size.w + 2 * w.padding.w() - w.kernel.w()) / w.stride.w() + 1};
  add(schema::CreateAvgPool2d(builder_.fbb, &w.kernel, &w.stride, &w.padding, ceil_mode, count_pad, divisor),
      {from.index}, size);
}

void RandomGraph::mean() {
  const Value from = any_value();
  Size size = from.size;
  std::vector<int> axes;
  const int chosen = in_.number(0, 7);
  if ((chosen & 1) != 0) axes.push_back(1), size.c = 1;
  if ((chosen & 2) != 0) axes.push_back(2), size.h = 1;
  if ((chosen & 4) != 0) axes.push_back(3), size.w = 1;
  const auto axes_at = builder_.fbb.CreateVector(axes);
  add(schema::CreateMean(builder_.fbb, axes_at, true), {from.index}, size);
}

void RandomGraph::softmax() {
  const Value from = any_value();
  add(schema::CreateSoftmax(builder_.fbb, in_.number(1, 3)), {from.index}, from.size);
}

/// Along the channels: they are brought to the end and back.
void RandomGraph::linear() {
  const Value from = any_value();
  const std::int64_t to = in_.number(1, 40);
  const auto last = builder_.fbb.CreateVector(std::vector{0, 2, 3, 1});
  const Value turned =
      add(schema::CreateTranspose(builder_.fbb, last), {from.index}, {from.size.h, from.size.w, from.size.c});
  const int weights = weight({to, from.size.c}, -0.3F, 0.3F);
  const int biases = bias(to);
  const Value result = add(schema::CreateLinear(builder_.fbb, weights, biases), {turned.index},
                           {from.size.h, from.size.w, to});
  if (in_.flag()) return;
  const auto back = builder_.fbb.CreateVector(std::vector{0, 3, 1, 2});
  add(schema::CreateTranspose(builder_.fbb, back), {result.index}, {to, from.size.h, from.size.w});
}

void RandomGraph::pad() {
  const Value from = any_value();
  Size size = from.size;
  const auto mode = static_cast<schema::PadMode>(in_.number(0, 2));
  const int least = mode == schema::PadMode::constant ? -3 : 0;
  std::vector<std::int64_t> before{0, 0, 0, 0};
  std::vector<std::int64_t> after{0, 0, 0, 0};
  for (std::size_t axis = in_.number(0, 3) == 0 ? 1 : 2; axis < 4; ++axis) {
    before[axis] = in_.number(least, 5);
    after[axis] = in_.number(least, in_.number(0, 15) == 0 ? 40 : 5);
    (axis == 1 ? size.c : axis == 2 ? size.h : size.w) += before[axis] + after[axis];
  }
  const auto before_at = builder_.fbb.CreateVector(before);
  const auto after_at = builder_.fbb.CreateVector(after);
  add(schema::CreatePad(builder_.fbb, before_at, after_at, mode, number(-1, 1)), {from.index}, size);
}

void RandomGraph::transpose() {
  const Value from = any_value();
  std::vector<int> order{0, 1, 2, 3};
  for (int i = 3; i > 1; --i)
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(in_.number(1, i))]);
  const std::int64_t sizes[] = {0, from.size.c, from.size.h, from.size.w};
  const auto size_of = [&](std::size_t i) { return sizes[order[i]]; };
  const auto order_at = builder_.fbb.CreateVector(order);
  add(schema::CreateTranspose(builder_.fbb, order_at), {from.index}, {size_of(1), size_of(2), size_of(3)});
}

/// Sizes move between the channels and the height, without a move of an element in PyTorch's order.
void RandomGraph::fold() {
  const Value from = any_value();
  const std::int64_t part = in_.number(0, 7) == 0 ? in_.number(0, 5) : divisor(from.size.h);
  const bool open = in_.flag();
  const std::int64_t channels = from.size.c * part;
  const auto sizes = builder_.fbb.CreateVector(std::vector<std::int64_t>{0, open ? -1 : 0, 0, 0});
  const auto copy = builder_.fbb.CreateVector(std::vector{0, 1, 2, 3});
  const auto factor = builder_.fbb.CreateVector(std::vector<std::int64_t>{1, part, 1, 1});
  const auto divided = builder_.fbb.CreateVector(std::vector<std::int64_t>{1, 1, part, 1});
  const std::int64_t height = part > 0 ? from.size.h / part : 0;
  add(schema::CreateReshape(builder_.fbb, sizes, copy, factor, divided), {from.index},
      {channels, height, from.size.w});
}

void RandomGraph::shuffle() {
  const Value from = any_value();
  const std::int64_t groups = divisor(from.size.c);
  const auto apart = builder_.fbb.CreateVector(std::vector<std::int64_t>{0, groups, 0, 0, 0});
  const auto apart_from = builder_.fbb.CreateVector(std::vector{0, 0, 1, 2, 3});
  const auto ones = builder_.fbb.CreateVector(std::vector<std::int64_t>{1, 1, 1, 1, 1});
  const auto shares = builder_.fbb.CreateVector(std::vector<std::int64_t>{1, 1, groups, 1, 1});
  const std::string name = "shuffle" + std::to_string(values_.size());
  const int split = builder_.value("split", 5);  // of rank 5: for nobody else
  builder_.node(name + " split", schema::CreateReshape(builder_.fbb, apart, apart_from, ones, shares),
                {from.index}, {split});
  const auto order = builder_.fbb.CreateVector(std::vector{0, 2, 1, 3, 4});
  const int turned = builder_.value("turned", 5);
  builder_.node(name + " turned", schema::CreateTranspose(builder_.fbb, order), {split}, {turned});
  const auto together = builder_.fbb.CreateVector(std::vector<std::int64_t>{0, from.size.c, 0, 0});
  const auto together_from = builder_.fbb.CreateVector(std::vector{0, 0, 3, 4});
  add(schema::CreateReshape(builder_.fbb, together, together_from), {turned}, from.size);
}

/// A constant and what it is added to or multiplied with.
void RandomGraph::constant() {
  const Value from = any_value();
  const bool each = in_.flag();
  const int weights = weight({1, from.size.c, each ? from.size.h : 1, each ? from.size.w : 1});
  const Size size{from.size.c, each ? from.size.h : 1, each ? from.size.w : 1};
  const Value value = add(schema::CreateConstant(builder_.fbb, weights), {}, size);
  if (in_.flag())
    add(schema::CreateAdd(builder_.fbb), {from.index, value.index}, from.size);
  else
    add(schema::CreateMul(builder_.fbb), {value.index, from.index}, from.size);
}

void RandomGraph::bilinear() {
  const Value from = any_value();
  const bool corners = in_.flag();
  constexpr auto kMode = schema::UpsampleMode::bilinear;
  switch (in_.number(0, 2)) {
    case 0: {
      const Value to = any_value();
      add(schema::CreateUpsample(builder_.fbb, kMode, 0, 0, corners), {from.index, to.index},
          {from.size.c, to.size.h, to.size.w});
      return;
    }
    case 1: {
      const schema::Pair size = pair(1, 30);
      const auto mode = in_.flag() ? kMode : schema::UpsampleMode::nearest;
      add(schema::CreateUpsample(builder_.fbb, mode, 0, 0, corners, &size), {from.index},
          {from.size.c, size.h(), size.w()});
      return;
    }
    default: {
      const double scale_h = in_.number(1, 24) / 8.0;
      const double scale_w = in_.flag() ? scale_h : in_.number(1, 24) / 8.0;
      add(schema::CreateUpsample(builder_.fbb, kMode, scale_h, scale_w, corners), {from.index},
          {from.size.c, static_cast<std::int64_t>(static_cast<double>(from.size.h) * scale_h),
           static_cast<std::int64_t>(static_cast<double>(from.size.w) * scale_w)});
    }
  }
}

/// Regions and their shifts are constants: where a sample falls must not depend on a rounding error.
void RandomGraph::regions() {
  const Value from = any_value();
  const int count = in_.number(1, 4);
  const int groups = from.size.c % 4 == 0 && in_.flag() ? 2 : 1;
  const std::int64_t channels = from.size.c / (groups * groups);
  const int pooled = in_.number(1, 5);
  const int part = in_.flag() ? 0 : in_.number(1, 5);
  const int samples = in_.number(1, 6);
  std::vector<float> rois;
  for (int i = 0; i < count; ++i) {
    rois.push_back(calm_ && in_.number(0, 15) != 0 ? 0.0F : number(-1, 3));
    for (int k = 0; k < 4; ++k) rois.push_back(number(-4, 24));
  }
  const int rois_at = builder_.weight("rois", {count, 5}, rois);
  const int boxes = builder_.value("rois", 2);
  builder_.node("rois" + std::to_string(values_.size()), schema::CreateConstant(builder_.fbb, rois_at), {},
                {boxes});
  std::vector<int> inputs{from.index, boxes};
  if (in_.flag()) {
    const std::int64_t classes = divisor(channels);
    const std::int64_t side = part == 0 ? pooled : part;
    const int shifts = weight({count, 2 * classes, side, side}, -1, 1);
    const int trans = builder_.value("trans");
    builder_.node("trans" + std::to_string(values_.size()), schema::CreateConstant(builder_.fbb, shifts), {},
                  {trans});
    inputs.push_back(trans);
  }
  add(schema::CreateDeformRoIPool(builder_.fbb, in_.number(1, 16) / 8.0, pooled, static_cast<int>(channels),
                                  groups, part, samples, number(0, 1)),
      inputs, {channels, pooled, pooled});
}

}  // namespace pliant::fuzz

#include "layers/deform_roi_pool.hpp"

#include <cmath>

#include "pliant/error.hpp"
#include "tests/layers/cases.hpp"
#include "tests/layers/reference.hpp"

using namespace pliant;
using tests::Case;
using tests::Map;

namespace {

/// The mean of the samples of one output element that lie inside. Coordinates are rounded to float32 as the
/// CUDA kernel rounds them, because which samples count depends on it; values are summed up in double
/// precision.
double pool(const layers::DeformRoIPool& layer, const Map& x, const float* roi, const Map* trans,
            std::int64_t r, std::int64_t channel, std::int64_t ph, std::int64_t pw) {
  const auto scale = static_cast<float>(layer.spatial_scale);
  const auto start = [&](float v) { return static_cast<float>(double{std::round(v) * scale} - 0.5); };
  const auto stop = [&](float v) { return static_cast<float>(double{(std::round(v) + 1) * scale} - 0.5); };
  const float left = start(roi[1]), top = start(roi[2]);
  const float width = std::max(stop(roi[3]) - left, 0.1f), height = std::max(stop(roi[4]) - top, 0.1f);
  const auto bins = static_cast<float>(layer.pooled_size);
  const auto samples = static_cast<float>(layer.sample_per_part);
  float w0 = static_cast<float>(pw) * (width / bins) + left;
  float h0 = static_cast<float>(ph) * (height / bins) + top;
  if (trans != nullptr) {
    const std::int64_t classes = trans->shape[1] / 2;
    const std::int64_t of_class = channel / (layer.output_dim / classes);
    const std::int64_t part_h = ph * layer.part_size / layer.pooled_size;
    const std::int64_t part_w = pw * layer.part_size / layer.pooled_size;
    const auto deviation = static_cast<float>(layer.trans_std);
    w0 += static_cast<float>(trans->at(r, 2 * of_class, part_h, part_w)) * deviation * width;
    h0 += static_cast<float>(trans->at(r, 2 * of_class + 1, part_h, part_w)) * deviation * height;
  }
  const std::int64_t group_h = ph * layer.group_size / layer.pooled_size;
  const std::int64_t group_w = pw * layer.group_size / layer.pooled_size;
  const std::int64_t source = (channel * layer.group_size + group_h) * layer.group_size + group_w;
  const std::int64_t last_h = x.shape[2] - 1, last_w = x.shape[3] - 1;
  double sum = 0;
  int count = 0;
  for (int i = 0; i < layer.sample_per_part; ++i)
    for (int j = 0; j < layer.sample_per_part; ++j) {
      double h = h0 + static_cast<float>(i) * (height / bins / samples);
      double w = w0 + static_cast<float>(j) * (width / bins / samples);
      if (h < -0.5 || w < -0.5 || h > double(last_h) + 0.5 || w > double(last_w) + 0.5) continue;
      h = std::fmin(std::fmax(h, 0), double(last_h));
      w = std::fmin(std::fmax(w, 0), double(last_w));
      const auto n = static_cast<std::int64_t>(roi[0]);
      const auto at = [&](double a, double b) {
        return x.at(n, source, static_cast<std::int64_t>(a), static_cast<std::int64_t>(b));
      };
      const double dh = h - std::floor(h), dw = w - std::floor(w);
      sum += (1 - dh) * ((1 - dw) * at(std::floor(h), std::floor(w)) + dw * at(std::floor(h), std::ceil(w))) +
             dh * ((1 - dw) * at(std::ceil(h), std::floor(w)) + dw * at(std::ceil(h), std::ceil(w)));
      ++count;
    }
  return count == 0 ? 0 : sum / count;
}

void check(const Case& c) {
  const auto& layer = std::get<layers::DeformRoIPool>(c.layer);
  const Map x(c.inputs[0]);
  std::unique_ptr<Map> trans;
  if (layer.has_trans) trans = std::make_unique<Map>(c.inputs[2]);
  const Shape y = tests::output_shape(c);
  std::vector<double> expected = tests::results_of(y);
  tests::for_each_index(y, [&](const Shape& index, std::size_t flat) {
    expected[flat] = pool(layer, x, c.inputs[1].data() + index[0] * 5, trans.get(), index[0], index[1],
                          index[2], index[3]);
  });
  tests::check_closely(c, expected, 2e-5, 0);
}

Tensor regions(tests::Random& random, std::int64_t count, int batch, float width, float height) {
  Tensor rois({count, 5});
  for (std::int64_t r = 0; r < count; ++r) {
    float* roi = rois.data() + r * 5;
    roi[0] = static_cast<float>(random.integer(0, batch - 1));
    roi[1] = random.uniform(-8, width);
    roi[2] = random.uniform(-8, height);
    roi[3] = roi[1] + random.uniform(-6, width);
    roi[4] = roi[2] + random.uniform(-6, height);
  }
  return rois;
}

Case random_case(tests::Random& random, bool has_trans) {
  Case c;
  layers::DeformRoIPool layer;
  layer.has_trans = has_trans;
  layer.spatial_scale = random.chance(0.5) ? 0.25 : random.uniform(0.1f, 1.1f);
  layer.pooled_size = random.pick({1, 3, 7});
  layer.group_size = random.pick({1, 1, 2, 3});
  layer.part_size = random.pick({1, 2, 7});
  layer.sample_per_part = random.pick({1, 2, 4});
  layer.trans_std = random.uniform(0, 0.5f);
  const int classes = random.pick({1, 2, 3});
  layer.output_dim = classes * random.pick({1, 3, 20});
  c.layer = layer;
  const int batch = random.integer(1, 3);
  const Shape x{batch, std::int64_t{layer.output_dim} * layer.group_size * layer.group_size,
                random.integer(1, 13), random.integer(1, 13)};
  c.inputs.push_back(random.tensor(x));
  const auto scale = static_cast<float>(layer.spatial_scale);
  c.inputs.push_back(regions(random, random.integer(1, 6), batch, static_cast<float>(x[3]) / scale,
                             static_cast<float>(x[2]) / scale));
  if (has_trans)
    c.inputs.push_back(
        random.tensor({c.inputs[1].shape()[0], 2 * classes, layer.part_size, layer.part_size}, -2, 2));
  return c;
}

}  // namespace

TEST_CASE("deform_roi_pool: random regions with and without offsets") {
  tests::Random random(221);
  for (int round = 0; round < 80; ++round) check(random_case(random, round % 2 == 0));
}

TEST_CASE("deform_roi_pool: half pixels round away from zero; upside-down and outlying regions") {
  tests::Random random(222);
  Case c;
  layers::DeformRoIPool layer;
  layer.pooled_size = 2;
  layer.part_size = 2;
  layer.output_dim = 3;
  c.layer = layer;
  c.inputs.push_back(random.tensor({1, 3, 8, 9}));
  const float rois[][5] = {{0, 0.5f, 1.5f, 2.5f, 4.5f}, {0, -0.5f, -1.5f, 2.5f, 3}, {0, 5, 5, 1, 1},
                           {0, 100, 100, 120, 120},     {0, -90, -90, -80, -80},    {0, 0, 0, 8, 7},
                           {0, -5, -5, 30, 30},         {-0.9f, 1, 1, 4, 4},        {0.9f, 1, 1, 4, 4}};
  c.inputs.emplace_back(Shape{9, 5});
  std::copy(&rois[0][0], &rois[0][0] + 45, c.inputs[1].data());
  check(c);
}

TEST_CASE("deform_roi_pool: offsets that are no numbers sample pixel 0, infinite ones nothing") {
  tests::Random random(223);
  for (const float special : {tests::kNaN, tests::kInfinity, -tests::kInfinity, 1e30f}) {
    Case c;
    layers::DeformRoIPool layer;
    layer.has_trans = true;
    layer.pooled_size = 2;
    layer.part_size = 2;
    layer.output_dim = 4;
    layer.trans_std = 0.1;
    c.layer = layer;
    c.inputs.push_back(random.tensor({1, 4, 6, 6}));
    c.inputs.push_back(regions(random, 1, 1, 6, 6));
    c.inputs.push_back(random.tensor({1, 4, 2, 2}));
    c.inputs[2].values()[0] = special;
    c.inputs[2].values()[11] = special;
    check(c);
  }
}

TEST_CASE("deform_roi_pool: a region of no image of the batch is an error") {
  tests::Random random(224);
  for (const float image : {2.0f, -1.0f, 1e20f, tests::kNaN, -tests::kInfinity}) {
    Case c;
    layers::DeformRoIPool layer;
    layer.output_dim = 3;
    c.layer = layer;
    c.inputs.push_back(random.tensor({2, 3, 4, 4}));
    c.inputs.push_back(regions(random, 3, 2, 4, 4));
    c.inputs[1].values()[10] = image;
    backends::PackCache packs;
    backends::Context& context = tests::context_of(backends::cpu::available_isas().front(), 2);
    CHECK_THROWS_AS(tests::run_once(c, context, packs), Error);
  }
}

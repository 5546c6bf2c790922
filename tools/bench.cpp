// pliant bench: speed and memory of a model on random input.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/format.hpp"
#include "pliant/model.hpp"
#include "pliant/session.hpp"
#include "tools/cli_common.hpp"
#include "tools/console.hpp"
#include "tools/fma_peak.hpp"
#include "tools/model_shapes.hpp"
#include "tools/table.hpp"

namespace pliant::tools {
namespace {

using Json = nlohmann::ordered_json;
using Align = Table::Align;
using Clock = std::chrono::steady_clock;

struct BenchArguments {
  std::string model;
  std::optional<Size> size;
  std::optional<std::int64_t> batch;
  int runs = 20;
  int warmup = 2;
  bool json = false;
  SessionOptions session;
};

/// What was measured; times in milliseconds.
struct Measurement {
  double load_ms = 0;          ///< the model file and the session
  double first_ms = 0;         ///< the first run, which plans and packs
  std::vector<double> run_ms;  ///< sorted
  PlanSummary plan;
  std::vector<LayerTime> layers;
  double fma_peak_gflops =
      0;  ///< of the session's threads, measured before and after the runs; with a profile
  double peak_rss_mb = 0;
  std::string device;
  int threads = 0;
};

void describe_arguments(CLI::App& app, BenchArguments& arguments) {
  app.add_option("MODEL", arguments.model, "Model file (*.pliant)")->required()->type_name("FILE");
  add_size(app, "--size", arguments.size,
           "Input size in pixels (default: what the model's pictures have, square)");
  add_integer(
      app, "--batch", 1, 1 << 20, [&](std::int64_t n) { arguments.batch = n; },
      "Pictures at once (default: 1)");
  add_integer(
      app, "--runs", 1, 1'000'000, [&](std::int64_t n) { arguments.runs = static_cast<int>(n); },
      "Runs that count (default: 20)");
  add_integer(
      app, "--warmup", 0, 1'000'000, [&](std::int64_t n) { arguments.warmup = static_cast<int>(n); },
      "Runs before them, beside the first (default: 2)");
  app.add_flag("--profile", arguments.session.profile,
               "Time each layer too, which costs a little, and the machine's peak beside them");
  app.add_flag("--json", arguments.json, "As JSON");
  add_session_options(app, arguments.session);
  app.footer("Example: pliant bench slim-db.pliant --size 736x1280 --threads 2 --profile");
}

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double timed_run(Session& session) {
  const auto start = Clock::now();
  session.run();
  return milliseconds_since(start);
}

// Uniform in [-1, 1), about the range of pictures after the pre-processing. The standard's distributions
// differ between libraries, its engines do not.
std::vector<Tensor> random_inputs(const std::vector<Shape>& shapes) {
  std::mt19937 engine(20240229);
  std::vector<Tensor> inputs;
  for (const Shape& shape : shapes) {
    Tensor tensor(shape);
    for (float& value : tensor.values()) value = static_cast<float>(engine() >> 8) * 0x1p-23F - 1;
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

// The most memory the process has held, in MiB; 0 where the system does not tell.
double peak_resident_mb() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    const std::string key = "VmHWM:";
    if (!line.starts_with(key)) continue;
    const std::size_t begin = line.find_first_of("0123456789", key.size());
    const std::size_t end = line.find_first_not_of("0123456789", begin);
    if (begin == std::string::npos) return 0;
    return static_cast<double>(std::stoull(line.substr(begin, end - begin))) / 1024;
  }
  return 0;
}

// Linear interpolation between the neighbours, as numpy.percentile does.
double percentile(const std::vector<double>& sorted, double percent) {
  const double at = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - static_cast<double>(below));
}

Measurement measure(const BenchArguments& arguments, std::vector<Shape>& shapes) {
  Measurement result;
  const auto start = Clock::now();
  const Model model = Model::load(arguments.model);
  auto session = make_with_options<Session>(model, arguments.session);
  result.load_ms = milliseconds_since(start);
  result.device = session.device_name();
  result.threads = session.threads();

  shapes = input_shapes(model, arguments.size, arguments.batch);
  const std::vector<Tensor> inputs = random_inputs(shapes);
  for (std::size_t i = 0; i < inputs.size(); ++i) session.set_input(i, inputs[i]);

  result.first_ms = timed_run(session);
  const auto measure_peak = [&] {
    if (arguments.session.profile)
      result.fma_peak_gflops = std::max(result.fma_peak_gflops, fma_peak_gflops(result.threads));
  };
  measure_peak();
  for (int i = 0; i < arguments.warmup; ++i) session.run();
  session.reset_profile();
  for (int i = 0; i < arguments.runs; ++i) result.run_ms.push_back(timed_run(session));
  measure_peak();
  std::sort(result.run_ms.begin(), result.run_ms.end());
  result.layers = session.profile();
  result.peak_rss_mb = peak_resident_mb();
  result.plan = session.describe(shapes);
  return result;
}

double mean_ms(const LayerTime& time) {
  return time.runs > 0 ? time.total_ms / static_cast<double>(time.runs) : 0;
}

// 10^9 a second. 0 for a layer that took no measurable time.
double giga_per_second(double amount, double ms) { return ms > 0 ? amount / ms / 1e6 : 0; }

double gflops(std::uint64_t macs, double ms) { return giga_per_second(2 * static_cast<double>(macs), ms); }

/// Layers together.
struct Work {
  int count = 0;
  double ms = 0;
  std::uint64_t macs = 0;
  std::uint64_t bytes = 0;

  void add(const Work& other) {
    count += other.count;
    ms += other.ms;
    macs += other.macs;
    bytes += other.bytes;
  }
};

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

std::string as_json(const BenchArguments& arguments, const std::vector<Shape>& shapes, const Measurement& m) {
  const double median = percentile(m.run_ms, 50);
  Json json = {{"model", arguments.model},
               {"inputs", sizes_of(shapes)},
               {"device", m.device},
               {"threads", m.threads},
               {"runs", arguments.runs},
               {"warmup", arguments.warmup},
               {"median_ms", rounded(median)},
               {"p10_ms", rounded(percentile(m.run_ms, 10))},
               {"p90_ms", rounded(percentile(m.run_ms, 90))},
               {"min_ms", rounded(m.run_ms.front())},
               {"load_ms", rounded(m.load_ms)},
               {"first_ms", rounded(m.first_ms)},
               {"peak_rss_mb", rounded(m.peak_rss_mb)},
               {"macs", m.plan.macs},
               {"gflops_per_s", rounded(gflops(m.plan.macs, median))},
               {"arena_bytes", m.plan.arena_bytes},
               {"packed_weight_bytes", m.plan.packed_weight_bytes}};
  if (arguments.session.profile) {
    Json layers = Json::array();
    Work total;
    for (const LayerTime& time : m.layers) {
      const LayerSummary& layer = m.plan.layers.at(time.layer);
      const double ms = mean_ms(time);
      total.add({1, ms, layer.macs, layer.bytes});
      layers.push_back({{"name", layer.name},
                        {"layer", layer.layer},
                        {"algorithm", layer.algorithm},
                        {"ms", rounded(ms)},
                        {"min_ms", rounded(time.min_ms)},
                        {"macs", layer.macs},
                        {"bytes", layer.bytes},
                        {"gflops_per_s", rounded(gflops(layer.macs, ms))},
                        {"share_of_peak", rounded(gflops(layer.macs, ms) / m.fma_peak_gflops)},
                        {"gb_per_s", rounded(giga_per_second(static_cast<double>(layer.bytes), ms))}});
    }
    json["fma_peak_gflops"] = rounded(m.fma_peak_gflops);
    json["layers_total"] = {
        {"ms", rounded(total.ms)},
        {"macs", total.macs},
        {"bytes", total.bytes},
        {"gflops_per_s", rounded(gflops(total.macs, total.ms))},
        {"share_of_peak", rounded(gflops(total.macs, total.ms) / m.fma_peak_gflops)},
        {"gb_per_s", rounded(giga_per_second(static_cast<double>(total.bytes), total.ms))}};
    json["layers"] = std::move(layers);
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string profile_text(const Measurement& m) {
  Work total;
  std::map<std::string, Work> kinds;
  for (const LayerTime& time : m.layers) {
    const LayerSummary& layer = m.plan.layers.at(time.layer);
    const Work work{1, mean_ms(time), layer.macs, layer.bytes};
    kinds[layer.layer].add(work);
    total.add(work);
  }

  const std::vector<Table::Column> figures{{"ms", Align::kRight},      {"share", Align::kRight},
                                           {"GFLOP/s", Align::kRight}, {"of peak", Align::kRight},
                                           {"MB", Align::kRight},      {"GB/s", Align::kRight}};
  const auto with_figures = [&](std::vector<std::string> row, const Work& work) {
    const double speed = gflops(work.macs, work.ms);
    const auto bytes = static_cast<double>(work.bytes);
    for (const std::string& cell :
         {fixed(work.ms, 3), total.ms > 0 ? fixed(100 * work.ms / total.ms, 1) + " %" : "",
          work.macs > 0 ? fixed(speed, 1) : "",
          work.macs > 0 ? fixed(100 * speed / m.fma_peak_gflops, 1) + " %" : "", fixed(bytes * 1e-6, 2),
          fixed(giga_per_second(bytes, work.ms), 1)})
      row.push_back(cell);
    return row;
  };
  const auto table_of = [&](std::vector<Table::Column> columns) {
    columns.insert(columns.end(), figures.begin(), figures.end());
    return Table(std::move(columns));
  };

  Table layers = table_of({{"#", Align::kRight}, {"node"}, {"layer"}, {"algorithm"}});
  for (const LayerTime& time : m.layers) {
    const LayerSummary& layer = m.plan.layers.at(time.layer);
    layers.add(with_figures({std::to_string(time.layer), layer.name, layer.layer, layer.algorithm},
                            {1, mean_ms(time), layer.macs, layer.bytes}));
  }
  layers.add(with_figures({"", "total", "", ""}, total));

  std::vector<std::pair<std::string, Work>> by_time(kinds.begin(), kinds.end());
  std::stable_sort(by_time.begin(), by_time.end(),
                   [](const auto& a, const auto& b) { return a.second.ms > b.second.ms; });
  Table summary = table_of({{"layer"}, {"count", Align::kRight}});
  for (const auto& [kind, work] : by_time)
    summary.add(with_figures({kind, std::to_string(work.count)}, work));
  return "\n" + layers.text() + "\n" + summary.text();
}

std::string as_text(const BenchArguments& arguments, const std::vector<Shape>& shapes, const Measurement& m) {
  const double median = percentile(m.run_ms, 50);
  Table table({{""}, {""}});
  table.add({"input", shapes_text(shapes)});
  table.add({"device", m.device});
  table.add({"median", core::message(fixed(median, 2), " ms over ", arguments.runs,
                                     arguments.runs == 1 ? " run" : " runs")});
  table.add({"p10 .. p90", core::message(fixed(percentile(m.run_ms, 10), 2), " .. ",
                                         fixed(percentile(m.run_ms, 90), 2), " ms")});
  table.add({"fastest", fixed(m.run_ms.front(), 2) + " ms"});
  table.add({"speed", core::message(fixed(gflops(m.plan.macs, median), 1), " GFLOP/s (",
                                    scaled(static_cast<double>(m.plan.macs)), "MACs, two operations each)")});
  table.add({"load", fixed(m.load_ms, 2) + " ms"});
  table.add({"first run", fixed(m.first_ms, 2) + " ms"});
  table.add({"peak memory", fixed(m.peak_rss_mb, 1) + " MiB resident"});
  if (arguments.session.profile)
    table.add(
        {"FMA peak", core::message(fixed(m.fma_peak_gflops, 1), " GFLOP/s of ", m.threads,
                                   m.threads == 1 ? " thread" : " threads", ", measured beside the runs")});
  return table.text() + (arguments.session.profile ? profile_text(m) : "");
}

}  // namespace

int bench(int argc, const char* const* argv) {
  BenchArguments arguments;
  CLI::App app("Measure a model's speed and memory on random input.", "pliant bench");
  describe_arguments(app, arguments);
  if (!parse(app, argc, argv)) return kSuccess;

  std::vector<Shape> shapes;
  const Measurement measurement = measure(arguments, shapes);
  print(arguments.json ? as_json(arguments, shapes, measurement) : as_text(arguments, shapes, measurement));
  return kSuccess;
}

}  // namespace pliant::tools

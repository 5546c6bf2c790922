// Pliant as a process that runs a model when it is told to; the protocol is that of runner.py.
//
// bench_serve MODEL THREADS nchw|nhwc SHAPE=FILE...   inputs in the model's order, as raw float32 in NCHW
// order. With nhwc a run takes and leaves values in the runtime's own layout, as between two layers.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "pliant/model.hpp"
#include "pliant/session.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::runtime_error("expected a number, got '" + std::string(text) + "'");
  }
  return value;
}

// "1x3x64x64=picture.f32"
pliant::Tensor read_input(std::string_view text, pliant::Layout layout) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) throw std::runtime_error("expected SHAPE=FILE");
  std::vector<std::int64_t> sizes;
  std::string_view rest = text.substr(0, equals);
  while (!rest.empty()) {
    const std::size_t cross = std::min(rest.find('x'), rest.size());
    sizes.push_back(number(rest.substr(0, cross)));
    rest.remove_prefix(std::min(cross + 1, rest.size()));
  }
  pliant::Tensor tensor{pliant::Shape(sizes)};
  const std::string path(text.substr(equals + 1));
  std::ifstream file(path, std::ios::binary);
  const auto bytes = static_cast<std::streamsize>(tensor.values().size_bytes());
  if (!file.read(reinterpret_cast<char*>(tensor.data()), bytes)) {
    throw std::runtime_error("cannot read " + path);
  }
  return layout == pliant::Layout::kNCHW ? std::move(tensor) : tensor.to(layout);
}

void save(const pliant::Session& session, const std::string& path) {
  const pliant::Tensor output = session.output(0);
  std::ofstream file(path, std::ios::binary);
  const auto bytes = static_cast<std::streamsize>(output.values().size_bytes());
  if (!file.write(reinterpret_cast<const char*>(output.data()), bytes)) {
    throw std::runtime_error("cannot write " + path);
  }
}

std::int64_t peak_kb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::int64_t value = 0;
  while (status >> word) {
    if (word == "VmHWM:" && status >> value) return value;
  }
  return 0;
}

void answer(const char* format, double a = 0, double b = 0) {
  std::printf(format, a, b);
  std::fflush(stdout);
}

void serve(const std::vector<std::string>& arguments) {
  if (arguments.size() < 4) throw std::runtime_error("expected MODEL THREADS nchw|nhwc SHAPE=FILE...");
  const auto layout = arguments[2] == "nhwc" ? pliant::Layout::kNHWC : pliant::Layout::kNCHW;
  std::vector<pliant::Tensor> inputs;
  for (std::size_t i = 3; i < arguments.size(); ++i) inputs.push_back(read_input(arguments[i], layout));

  const auto start = Clock::now();
  const pliant::Model model = pliant::Model::load(arguments[0]);
  pliant::Session session(model, {.threads = static_cast<int>(number(arguments[1]))});
  for (std::size_t i = 0; i < inputs.size(); ++i) session.set_input(i, inputs[i]);
  answer("{\"load_ms\": %.6f}\n", milliseconds_since(start));

  std::optional<pliant::Tensor> output;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line == "run") {
      const double used = processor_seconds();
      const auto begin = Clock::now();
      session.run();
      // A caller that wants NCHW gets a copy, which belongs to the run; one channel lies alike in both.
      const pliant::ConstTensorView view = session.output_view(0);
      if (layout == pliant::Layout::kNCHW && view.shape.rank() == 4 && view.shape[1] > 1) {
        output = session.output(0);
      }
      answer("{\"ms\": %.6f, \"cpu_s\": %.9f}\n", milliseconds_since(begin), used);
    } else if (line.starts_with("save ")) {
      save(session, line.substr(5));
      answer("{}\n");
    } else if (line == "memory") {
      answer("{\"peak_kb\": %.0f, \"cpu_s\": %.9f}\n", static_cast<double>(peak_kb()), processor_seconds());
    } else {
      throw std::runtime_error("no command '" + line + "'");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    serve({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench_serve: " << error.what() << '\n';
    return 1;
  }
}

// pliant run: arrays in, arrays out.
#include <algorithm>
#include <string>
#include <vector>

#include "core/format.hpp"
#include "pliant/model.hpp"
#include "pliant/session.hpp"
#include "tools/cli_common.hpp"
#include "tools/npy.hpp"
#include "tools/port_files.hpp"
#include "tools/safe_file.hpp"
#include "tools/usage_error.hpp"

namespace pliant::tools {
namespace {

struct RunArguments {
  std::string model;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  SessionOptions session;
};

void describe_arguments(CLI::App& app, RunArguments& arguments) {
  app.add_option("MODEL", arguments.model, "Model file (*.pliant), before --input and --output")
      ->type_name("FILE");
  app.add_option(
         "--input", arguments.inputs,
         "float32 .npy (NCHW) for each input, in the graph's order or as name=file; - for standard input")
      ->required()
      ->type_name("FILE");
  app.add_option("--output", arguments.outputs,
                 ".npy files for the outputs, in the graph's order (the first ones) or as name=file")
      ->required()
      ->type_name("FILE");
  add_session_options(app, arguments.session);
  app.footer("Example: pliant run slim-db.pliant --input picture.npy --output map.npy");
}

// All inputs must have a file.
std::vector<std::string> input_files(const Model& model, const RunArguments& arguments) {
  std::vector<std::string> files = assign_files(model.inputs(), arguments.inputs, "--input", "input");
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].empty())
      throw UsageError(core::message("--input: no file for '", model.inputs()[i].name, "'"));
  }
  if (std::count(files.begin(), files.end(), "-") > 1) {
    throw UsageError("--input: standard input (-) can be read only once");
  }
  return files;
}

struct PortOutput {
  std::size_t port;
  OutputFile file;
};

std::vector<PortOutput> output_files(const Model& model, const RunArguments& arguments) {
  const std::vector<std::string> files =
      assign_files(model.outputs(), arguments.outputs, "--output", "output");
  std::vector<PortOutput> outputs;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].empty()) continue;
    OutputFile file(files[i]);
    for (const PortOutput& other : outputs) {
      if (!file.target().empty() && file.target() == other.file.target()) {
        throw UsageError(core::message("--output: ", files[i], " is named twice"));
      }
    }
    if (!file.target().empty() && same_file(file.target(), arguments.model)) {
      throw UsageError(core::message("--output would overwrite ", arguments.model));
    }
    outputs.push_back({i, std::move(file)});
  }
  return outputs;
}

void set_inputs(Session& session, const std::vector<NpyArray>& arrays,
                const std::vector<std::string>& files) {
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    try {
      session.set_input(i, arrays[i].view());
    } catch (const Error& error) {
      throw Error(error.code(), core::message(files[i], ": ", error.what()));
    }
  }
}

}  // namespace

int run(int argc, const char* const* argv) {
  RunArguments arguments;
  CLI::App app("Run a model on arrays.", "pliant run");
  describe_arguments(app, arguments);
  if (!parse(app, argc, argv)) return kSuccess;
  // --input and --output take all that follows them, also a MODEL that comes last.
  if (arguments.model.empty()) throw UsageError("MODEL is missing; it comes before --input and --output");

  const Model model = Model::load(arguments.model);
  const std::vector<std::string> files = input_files(model, arguments);
  std::vector<PortOutput> outputs = output_files(model, arguments);
  std::vector<NpyArray> arrays;
  for (const std::string& file : files) arrays.push_back(read_npy(file));

  auto session = make_with_options<Session>(model, arguments.session);
  set_inputs(session, arrays, files);
  session.run();

  for (PortOutput& output : outputs) {
    write_npy(output.file, session.output(output.port));
    output.file.close();
  }
  for (PortOutput& output : outputs) output.file.commit();
  return kSuccess;
}

}  // namespace pliant::tools

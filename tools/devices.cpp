// pliant devices: what this build can compute on.
#include <nlohmann/json.hpp>

#include "pliant/session.hpp"
#include "tools/cli_common.hpp"
#include "tools/console.hpp"
#include "tools/table.hpp"

namespace pliant::tools {

int devices(int argc, const char* const* argv) {
  bool json = false;
  CLI::App app("List the devices that this build knows of.", "pliant devices");
  app.add_flag("--json", json, "As JSON");
  app.footer("Example: pliant devices");
  if (!parse(app, argc, argv)) return kSuccess;

  const std::vector<DeviceInfo> found = pliant::devices();
  if (json) {
    auto list = nlohmann::ordered_json::array();
    for (const DeviceInfo& device : found) {
      list.push_back({{"name", device.name}, {"available", device.available}, {"detail", device.detail}});
    }
    print(list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    return kSuccess;
  }
  Table table({{"device"}, {"available"}, {"detail"}});
  for (const DeviceInfo& device : found) {
    table.add({device.name, device.available ? "yes" : "no", device.detail});
  }
  print(table.text());
  return kSuccess;
}

}  // namespace pliant::tools

#include "backends/registry.hpp"

#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::backends {

const Backend& find(const Device& device) {
  if (device.type == DeviceType::kCpu) return cpu::backend();
  if (const Backend* found = cuda::backend(device.index)) return *found;
  if (device.type == DeviceType::kAuto) return cpu::backend();
  std::string reason;
  for (const DeviceInfo& info : cuda::list_devices())
    reason += (reason.empty() ? "" : "; ") + info.name + ": " + info.detail;
  throw Error(ErrorCode::kUnsupported, core::message("device cuda:", device.index, " is not available (",
                                                     reason, "); use the device cpu"));
}

}  // namespace pliant::backends

namespace pliant {

std::vector<DeviceInfo> devices() {
  std::vector<DeviceInfo> result;
  result.push_back({Device::cpu(), true, "cpu", backends::cpu::describe_device()});
  for (DeviceInfo& info : backends::cuda::list_devices()) result.push_back(std::move(info));
  return result;
}

}  // namespace pliant

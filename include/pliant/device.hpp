// Where a session computes.
#pragma once

#include <string>
#include <vector>

#include "pliant/export.hpp"

namespace pliant {

enum class DeviceType { kAuto, kCpu, kCuda };

struct Device {
  DeviceType type = DeviceType::kAuto;
  int index = 0;  ///< of a CUDA device

  static Device automatic() { return {}; }
  static Device cpu() { return {DeviceType::kCpu, 0}; }
  static Device cuda(int index) { return {DeviceType::kCuda, index}; }
};

/// A device as `pliant devices` shows it.
struct DeviceInfo {
  Device device = {};
  bool available = false;
  std::string name;    ///< "cpu", "cuda:0"
  std::string detail;  ///< instruction set and cores, or why it is not available
};

/// Every device this build knows of, the available ones and the others with their reason.
PLIANT_API std::vector<DeviceInfo> devices();

}  // namespace pliant

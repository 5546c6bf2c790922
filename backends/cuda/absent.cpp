// Stands in for the CUDA backend in a build without it.
#include "backends/registry.hpp"

namespace pliant::backends::cuda {

const Backend* backend(int) { return nullptr; }

std::vector<DeviceInfo> list_devices() {
  return {{Device::cuda(0), false, "cuda", "this build has no CUDA backend"}};
}

}  // namespace pliant::backends::cuda

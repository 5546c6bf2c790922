// The backends that this build has.
#pragma once

#include "backends/backend.hpp"

namespace pliant::backends {

namespace cpu {
/// Always there.
const Backend& backend();
/// "avx512 (also avx2, sse4, scalar), 2 CPUs"
std::string describe_device();
}  // namespace cpu

namespace cuda {
/// Null where the build or the machine has none.
const Backend* backend(int device_index);
/// The devices, or one entry with the reason why there is none.
std::vector<DeviceInfo> list_devices();
}  // namespace cuda

/// The backend for a device; kAuto takes a CUDA device where there is one. Throws kUnsupported with the
/// reason.
const Backend& find(const Device& device);

}  // namespace pliant::backends

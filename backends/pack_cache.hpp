// Weights in the form that kernels want, made once per model and device and shared by all shapes and
// sessions.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace pliant::backends {

/// Which weight, in which form. `form` names algorithm, instruction set and whatever else decides the bytes.
struct PackKey {
  int weight = 0;
  std::string form;
  friend auto operator<=>(const PackKey&, const PackKey&) = default;
};

/// Thread-safe. An entry lives as long as the cache.
class PackCache {
 public:
  /// The entry of `key`; `make` is called where it is not there yet and returns it with its size in bytes.
  /// Packing is serialised, so that no weight is packed twice. Exceptions of `make` pass through and leave no
  /// entry.
  template <class T>
  std::shared_ptr<const T> get(
      const PackKey& key, const std::function<std::pair<std::shared_ptr<const T>, std::size_t>()>& make) {
    const std::lock_guard lock(mutex_);
    auto found = entries_.find(key);
    if (found == entries_.end()) {
      auto [value, bytes] = make();
      found = entries_.emplace(key, std::move(value)).first;
      bytes_ += bytes;
    }
    return std::static_pointer_cast<const T>(found->second);
  }

  std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::mutex mutex_;
  std::map<PackKey, std::shared_ptr<const void>> entries_;
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace pliant::backends

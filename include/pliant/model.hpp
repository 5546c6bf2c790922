// A loaded model file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pliant/export.hpp"
#include "pliant/vision.hpp"

namespace pliant {

namespace runtime {
struct ModelData;
}

/// How a file's bytes are held.
enum class Storage {
  kMap,   ///< mapped read-only: pages are shared and loaded on demand. A file truncated while in use is a
          ///< SIGBUS.
  kCopy,  ///< read into memory: the file may change or go away afterwards
};

struct LoadOptions {
  Storage storage = Storage::kMap;
};

/// A named input or output. Sizes are in PyTorch's order (NCHW), -1 = dynamic.
struct PortInfo {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> multiple_of;  ///< per dimension; 1 = any size
};

/// Where a model comes from; strings are empty where the file does not say.
struct Provenance {
  std::string recipe;
  std::string converter_version;
  std::string source_file;
  std::string source_sha256;
};

struct ModelInfo {
  std::string name;
  int version_major = 0;
  int version_minor = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t weight_bytes = 0;
  std::uint64_t parameters = 0;
  /// Of the weights in the file: "float32", "float16", "float32 and float16", or "" without weights.
  std::string weight_dtype;
  std::size_t nodes = 0;
  Provenance provenance;
};

/// An immutable network. A cheap handle: copies share the same data, and sessions of several threads may use
/// one model at the same time. The data lives as long as any handle or session.
class PLIANT_API Model {
 public:
  /// Throws kIo, kInvalidModel, kUnsupported. A model file is untrusted input: every number in it is checked
  /// here.
  static Model load(const std::string& path, const LoadOptions& options = {});

  /// From bytes in memory, which are copied (or borrowed, see below). Throws as load does.
  static Model from_memory(std::span<const std::byte> bytes);

  /// Like from_memory, without a copy where `bytes` starts at a multiple of 64; the caller keeps the bytes
  /// alive and unchanged as long as any handle or session of the model lives.
  static Model from_borrowed_memory(std::span<const std::byte> bytes);

  const ModelInfo& info() const noexcept;
  const std::vector<PortInfo>& inputs() const noexcept;
  const std::vector<PortInfo>& outputs() const noexcept;
  const std::optional<ImagePreprocess>& preprocess() const noexcept;
  const std::optional<TextPostprocess>& postprocess() const noexcept;

  /// For the library's own use.
  const std::shared_ptr<const runtime::ModelData>& data() const noexcept { return data_; }

 private:
  explicit Model(std::shared_ptr<const runtime::ModelData> data);
  std::shared_ptr<const runtime::ModelData> data_;
};

}  // namespace pliant

// The bytes of a model file, mapped, copied or borrowed, and checked as a flatbuffer.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/buffer.hpp"
#include "pliant/model.hpp"
#include "schema/model_generated.h"

namespace pliant::runtime {

/// Owns the bytes (or borrows them) and has verified their structure; the numbers in them are still
/// untrusted.
class ModelFile {
 public:
  /// Throws kIo, kInvalidModel.
  static ModelFile open(const std::string& path, Storage storage);
  static ModelFile copy(std::span<const std::byte> bytes);
  /// Copies all the same where the bytes are not aligned to 64.
  static ModelFile borrow(std::span<const std::byte> bytes);

  ModelFile(ModelFile&& other) noexcept;
  ModelFile& operator=(ModelFile&&) = delete;
  ~ModelFile();

  const schema::Model& root() const;
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  /// Tells the system that a mapped file's pages are not needed for now: kernels have packed what they need.
  /// They come back from the file where somebody reads them.
  void release_pages() const noexcept;

 private:
  ModelFile() = default;
  void verify(const std::string& what) const;

  std::span<const std::byte> bytes_;
  core::Buffer copy_;
  void* mapping_ = nullptr;
  std::size_t mapping_bytes_ = 0;
};

}  // namespace pliant::runtime

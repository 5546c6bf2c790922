// Whole files in and out.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace pliant::models {

/// Reads a file of less than 2 GiB. Throws pliant::Error (kIo) that names the path and the reason.
std::vector<std::byte> read_file(const std::string& path);

/// Writes a file so that it appears whole or not at all: to a temporary name beside it, then renamed onto the
/// target. What is there and is not a regular file (a device, a pipe) is written directly. Throws
/// pliant::Error (kIo).
void write_file(const std::string& path, std::span<const std::byte> bytes);

}  // namespace pliant::models

// The terminal's side of the command: standard streams, messages.
#pragma once

#include <string>
#include <string_view>

namespace pliant::tools {

/// Where one of the descriptors 0, 1, 2 is closed, the next file that is opened would take its number and
/// receive our output. This puts a placeholder there on which every read or write fails; and it turns SIGPIPE
/// into an error of write().
void guard_standard_streams();

/// Writes all bytes to a descriptor. Throws kIo, naming `name`.
void write_all(int descriptor, std::string_view bytes, const std::string& name);

/// To standard output. Throws kIo.
void print(std::string_view text);

/// "pliant: error: MESSAGE" as one line on standard error.
void print_error(std::string_view message) noexcept;

/// "pliant: MESSAGE" as one line on standard error.
void print_note(std::string_view message) noexcept;

/// The text with control characters as \xNN: names come from untrusted files, and an escape sequence among
/// them would steer the terminal.
std::string printable(std::string_view text);

/// "No space left on device" for ENOSPC.
std::string system_message(int error_number);

}  // namespace pliant::tools

#include "tools/npy_header.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/format.hpp"
#include "pliant/error.hpp"

namespace pliant::tools {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

template <class... Ts>
[[noreturn]] void refuse(const std::string& name, const Ts&... reason) {
  throw Error(ErrorCode::kInvalidArgument, core::message(name, ": ", reason...));
}

// The small part of Python's literals that NumPy writes here: one dict of strings, booleans and a tuple.
class LiteralParser {
 public:
  LiteralParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  void parse() {
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      member(key);
      if (accept('}')) break;
      expect(',');
    }
    skip_space();
    if (at_ != text_.size()) damaged("nothing but white space behind the dict");
    if (!descr) damaged("the key 'descr'");
    if (!fortran_order) damaged("the key 'fortran_order'");
    if (!shape) damaged("the key 'shape'");
  }

  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;

 private:
  void member(const std::string& key) {
    if (key == "descr" && !descr) {
      skip_space();
      if (at_ < text_.size() && text_[at_] == '[') {
        refuse(name_,
               "elements are records (a structured dtype), expected float32 ('<f4'); save one field with "
               "x['field'].astype(np.float32)");
      }
      descr = string();
    } else if (key == "fortran_order" && !fortran_order) {
      fortran_order = boolean();
    } else if (key == "shape" && !shape) {
      shape = tuple();
    } else {
      damaged("the keys 'descr', 'fortran_order' and 'shape', each once");
    }
  }

  std::string string() {
    skip_space();
    if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) damaged("a string");
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) damaged("the end of a string");
    const std::string_view content = text_.substr(at_ + 1, end - at_ - 1);
    // Strings become parts of messages, which are one line.
    const auto plain = [](unsigned char c) { return c >= 0x20 && c < 0x7F && c != '\\'; };
    if (!std::all_of(content.begin(), content.end(), plain)) damaged("a string of plain ASCII");
    at_ = end + 1;
    return std::string(content);
  }

  bool boolean() {
    skip_space();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    damaged("True or False");
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> sizes;
    expect('(');
    while (!accept(')')) {
      sizes.push_back(integer());
      if (accept(')')) {
        if (sizes.size() == 1) damaged("a comma behind the only size of a shape");  // (3) is no tuple
        break;
      }
      expect(',');
    }
    return sizes;
  }

  std::int64_t integer() {
    skip_space();
    std::int64_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [stop, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error == std::errc::result_out_of_range) refuse(name_, "the shape has a size beyond 63 bits");
    if (error != std::errc() || value < 0) damaged("a size, a whole number from 0");
    at_ += static_cast<std::size_t>(stop - begin);
    return value;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }

  bool accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) damaged(std::string("'") + c + "'");
  }

  [[noreturn]] void damaged(const std::string& expected) const {
    refuse(name_, "the .npy header is damaged: expected ", expected, " at its byte ", at_);
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
};

// "float64" for "<f8"; empty for what has no such name.
std::string dtype_name(const std::string& descr) {
  if (descr.size() < 3) return {};
  int bytes = 0;
  const char* end = descr.data() + descr.size();
  const auto [stop, error] = std::from_chars(descr.data() + 2, end, bytes);
  if (error != std::errc() || stop != end || bytes < 1 || bytes > 32) return {};
  switch (descr[1]) {
    case 'b':
      return "bool";
    case 'i':
      return core::message("int", bytes * 8);
    case 'u':
      return core::message("uint", bytes * 8);
    case 'f':
      return core::message("float", bytes * 8);
    case 'c':
      return core::message("complex", bytes * 8);
    default:
      return {};
  }
}

void require_float32(const std::string& descr, const std::string& name) {
  if (descr == "<f4") return;
  std::string what = dtype_name(descr);
  what = what.empty() ? "'" + descr + "'" : what + " ('" + descr + "')";
  const char* order = descr.starts_with('>') ? "big-endian " : "";
  refuse(name, "elements are ", order, what,
         ", expected little-endian float32 ('<f4'); save x.astype(np.float32)");
}

}  // namespace

NpyPrefix parse_npy_magic(std::string_view bytes, const std::string& name) {
  if (bytes.starts_with("PK\x03\x04")) {
    refuse(name, "this is an .npz archive; save a single array with np.save");
  }
  if (bytes.size() < NpyPrefix::kMagicBytes || !bytes.starts_with(kMagic)) {
    refuse(name, "not a .npy file; save the array with np.save");
  }
  const int major = static_cast<unsigned char>(bytes[6]);
  const int minor = static_cast<unsigned char>(bytes[7]);
  if (major < 1 || major > 3 || minor != 0) {
    refuse(name, "expected .npy format 1.0, 2.0 or 3.0, the file has ", major, ".", minor);
  }
  return {major == 1 ? std::size_t{2} : std::size_t{4}};
}

Shape parse_npy_header(std::string_view text, const std::string& name) {
  LiteralParser parser(text, name);
  parser.parse();
  require_float32(*parser.descr, name);
  if (*parser.fortran_order) {
    refuse(name, "the array is column-major (fortran_order); save np.ascontiguousarray(x)");
  }
  if (parser.shape->size() > static_cast<std::size_t>(Shape::kMaxRank)) {
    refuse(name, "the array has rank ", parser.shape->size(), ", at most ", Shape::kMaxRank, " is possible");
  }
  return Shape(*parser.shape);
}

std::string make_npy_header(const Shape& shape) {
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (int axis = 0; axis < shape.rank(); ++axis) {
    text += std::to_string(shape[axis]);
    if (axis + 1 < shape.rank() || shape.rank() == 1) text += ",";
    if (axis + 1 < shape.rank()) text += " ";
  }
  text += "), }";
  const std::size_t before = NpyPrefix::kMagicBytes + 2;
  const std::size_t total = (before + text.size() + 1 + 63) / 64 * 64;
  text.append(total - before - text.size() - 1, ' ');
  text += '\n';
  const std::size_t length = text.size();  // far below 65536: six sizes of 19 digits
  std::string header(kMagic);
  header += {'\x01', '\x00', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  return header + text;
}

}  // namespace pliant::tools

// Text in aligned columns.
#pragma once

#include <string>
#include <vector>

namespace pliant::tools {

class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;  ///< all empty: no header
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell a column. Control characters are made visible.
  void add(const std::vector<std::string>& cells);

  /// All lines, each with `indent` spaces before it and none behind.
  std::string text(std::size_t indent = 0) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace pliant::tools

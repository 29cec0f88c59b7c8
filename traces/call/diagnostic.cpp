#include "traces/call/diagnostic.hpp"

#include <algorithm>

namespace assay::traces {
namespace {

constexpr std::size_t window_columns = 100;
constexpr std::size_t before_caret_columns = 60;

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c < ' ' || c > '~') c = '.';
  return out;
}

// The line, cut to the window, and the caret below it.
std::string excerpt(std::string_view line, std::uint32_t column) {
  const std::size_t at = std::min<std::size_t>(column - 1, line.size());
  const bool fits = line.size() <= window_columns;
  const std::size_t begin = fits || at < before_caret_columns ? 0 : at - before_caret_columns;
  const std::string_view shown = line.substr(begin, window_columns);
  const bool cut_front = begin > 0;
  const bool cut_back = begin + shown.size() < line.size();
  std::string out = "  ";
  if (cut_front) out += "...";
  out += printable(shown);
  if (cut_back) out += "...";
  out += "\n  ";
  out.append((cut_front ? 3 : 0) + (at - begin), ' ');
  return out + "^\n";
}

}  // namespace

std::string render(const Diagnostic& what, std::string_view file, std::string_view source_line) {
  std::string out = printable(file);
  if (what.line > 0) {
    out += ":" + std::to_string(what.line);
    if (what.column > 0) out += ":" + std::to_string(what.column);
    out += ": ";
  } else {
    out += ": byte " + std::to_string(what.offset) + ": ";
  }
  if (!what.expected.empty()) out += "expected " + std::string(what.expected);
  if (!what.expected.empty() && !what.message.empty()) out += ", ";
  out += printable(what.message) + "\n";
  if (what.line > 0 && what.column > 0) out += excerpt(source_line, what.column);
  return out;
}

}  // namespace assay::traces

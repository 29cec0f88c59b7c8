#include "checker/cli/recent_lines.hpp"

#include <algorithm>
#include <map>

#include "traces/text/line_source.hpp"

namespace assay::cli {
namespace {

constexpr std::size_t line_bytes_shown = 300;
constexpr std::size_t bytes_max = std::size_t{16} << 20;

}  // namespace

void RecentLines::add(std::uint64_t number, std::string_view text) {
  lines_.push_back({number, std::string(text.substr(0, line_bytes_shown))});
  bytes_ += lines_.back().text.size() + sizeof(Line);
  while (bytes_ > bytes_max) {
    bytes_ -= lines_.front().text.size() + sizeof(Line);
    lines_.pop_front();
  }
}

void RecentLines::explain(checker::Finding& finding) const {
  for (auto& reason : finding.reasons)
    for (auto& because : reason.because) {
      const auto at = std::lower_bound(
          lines_.begin(), lines_.end(), because.line,
          [](const Line& line, std::uint64_t number) { return line.number < number; });
      if (at != lines_.end() && at->number == because.line) because.text = at->text;
    }
}

void add_texts(const std::string& file, std::vector<checker::Finding>& findings) {
  std::map<std::uint64_t, std::vector<std::string*>> wanted;
  for (auto& finding : findings)
    for (auto& reason : finding.reasons)
      for (auto& because : reason.because)
        if (because.line != 0) wanted[because.line].push_back(&because.text);
  if (wanted.empty()) return;
  traces::LineSource source;
  traces::Diagnostic ignored;
  if (!source.open(file, ignored) || source.looks_binary()) return;
  traces::SourceLine line;
  for (auto next = wanted.begin(); next != wanted.end() && source.next(line);) {
    if (line.number != next->first) continue;
    for (std::string* text : next->second)
      *text = std::string(line.text.substr(0, line_bytes_shown));
    ++next;
  }
}

}  // namespace assay::cli

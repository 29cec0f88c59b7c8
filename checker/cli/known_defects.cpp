#include "checker/cli/known_defects.hpp"

#include <algorithm>

#include "spec/text.hpp"

namespace assay::cli {

std::set<std::string> known_defects(std::string_view table, const Profile& profile) {
  constexpr std::string_view begin = "| `", between = "` | ";
  std::set<std::string> names;
  while (!table.empty()) {
    const std::string_view line = table.substr(0, table.find('\n'));
    table.remove_prefix(std::min(table.size(), line.size() + 1));
    const std::size_t end = line.find(between);
    if (!line.starts_with(begin) || end == std::string_view::npos) continue;
    std::string_view profiles = line.substr(end + between.size());
    profiles = profiles.substr(0, profiles.find(" |"));
    while (!profiles.empty()) {
      const std::string_view one = profiles.substr(0, profiles.find(", "));
      profiles.remove_prefix(std::min(profiles.size(), one.size() + 2));
      if (one == profile.name) names.emplace(line.substr(begin.size(), end - begin.size()));
    }
  }
  return names;
}

std::string reported_defects() {
  std::string text;
  for (const TextFile& file : specification_text()) {
    if (file.path != "spec/kvm/REPORTS.md") continue;
    for (const std::string_view line : file.lines) text.append(line).append("\n");
  }
  return text;
}

}  // namespace assay::cli

// traces/corpus/ONE_WAY.md says why the bundled traces leave a side of a check unseen. The table is
// exact: a check that is one way and not in it is a trace that nobody recorded, and one in it that
// is taken both ways is a reason that does not hold.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "checker/check.hpp"
#include "checker/exercised.hpp"
#include "spec/system.hpp"
#include "traces/trace_file.hpp"

namespace assay::checker {
namespace {

const traces::Binder& binder() { return traces::Binder::of(default_system()); }
const traces::Binder& binder_of(const Profile& p) { return traces::Binder::of(system_of(p)); }

// Which side of each one-way check is missing: "true", "false" or "both".
using Sides = std::map<std::string, std::string>;

Coverage coverage_of(const Profile& profile) {
  Coverage out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CORPUS)) {
    if (entry.path().extension() != ".trace") continue;
    std::optional<Checker> checker;
    traces::TraceSink sink;
    sink.header = [&](const traces::TraceHeader& h) {
      if (h.profile != profile.name) return;
      CheckOptions options;
      options.profile = &profile;
      take_host(h, options);
      checker.emplace(binder_of(profile), options);
    };
    sink.event = [&](const traces::TraceEvent& e, std::string_view) {
      if (checker) checker->feed(e);
      return checker.has_value();
    };
    traces::ReadFailure failure;
    read_trace(entry.path().string(), traces::Format::automatic, binder(), sink, failure);
    if (checker) out.merge(checker->finish().coverage);
  }
  return out;
}

Sides seen_one_way(const Profile& profile) {
  Sides out;
  for (const ExercisedCheck& c :
       exercised_checks(binder_of(profile), profile, coverage_of(profile))) {
    if (!is_one_way(c.how)) continue;
    out[c.check->rule + "." + c.check->id] = c.how == Exercised::only_held    ? "false"
                                             : c.how == Exercised::never_held ? "true"
                                                                              : "both";
  }
  return out;
}

std::string trimmed(std::string text) {
  const auto outside = [](char c) { return c == ' ' || c == '`'; };
  while (!text.empty() && outside(text.back())) text.pop_back();
  return {std::find_if_not(text.begin(), text.end(), outside), text.end()};
}

// Rows "| `rule.check` | 6.1, 6.12 | true | why |" that name the profile's release.
Sides listed_one_way(std::string_view release) {
  std::ifstream in(std::string(CORPUS) + "/ONE_WAY.md");
  EXPECT_TRUE(in.good());
  Sides out;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    for (std::size_t at = 1, end; (end = line.find('|', at)) != std::string::npos; at = end + 1)
      cells.push_back(trimmed(line.substr(at, end - at)));
    EXPECT_EQ(cells.size(), 4u) << line;
    if (cells.size() != 4) continue;
    EXPECT_FALSE(cells[3].empty()) << line << ": no reason";
    std::set<std::string> releases;
    for (std::size_t at = 0; at < cells[1].size();) {
      const std::size_t end = std::min(cells[1].find(',', at), cells[1].size());
      releases.insert(trimmed(cells[1].substr(at, end - at)));
      at = end + 1;
    }
    if (!releases.contains(std::string(release))) continue;
    EXPECT_TRUE(out.emplace(cells[0], cells[2]).second) << cells[0] << " twice";
  }
  return out;
}

class OneWay : public testing::TestWithParam<const char*> {};

TEST_P(OneWay, TheTableSaysWhyEachSideIsMissing) {
  const std::string release = GetParam();
  const Profile* profile = find_profile("linux-" + release);
  ASSERT_NE(profile, nullptr);
  const Sides seen = seen_one_way(*profile), listed = listed_one_way(release);
  for (const auto& [check, side] : seen) {
    const auto it = listed.find(check);
    EXPECT_TRUE(it != listed.end()) << check << " was never " << side << ": record a trace, or say "
                                    << "in ONE_WAY.md why there can be none";
    if (it == listed.end()) continue;
    EXPECT_EQ(it->second, side) << check;
  }
  for (const auto& [check, side] : listed)
    EXPECT_TRUE(seen.contains(check)) << check << " is listed as never " << side << ", but it was";
}

INSTANTIATE_TEST_SUITE_P(Kernels, OneWay,
                         testing::Values("6.1", "6.12", "7.2", "6.1-x86", "6.12-x86", "7.2-x86"),
                         [](const auto& p) {
                           std::string name = std::string("linux_") + p.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace assay::checker

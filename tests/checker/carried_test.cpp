// What carries a claim: a claim that holds whatever is left out says nothing unless that is said of
// it, and those that the tool's users ask for by name are broken by single defects, each with a
// trace.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "checker/prove/obligations.hpp"
#include "gen/mutants.hpp"
#include "tests/checker/checked.hpp"

namespace assay::prove {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::size_t from = line.find('|');
  for (std::size_t to; (to = line.find('|', from + 1)) != std::string::npos; from = to) {
    std::string cell = line.substr(from + 1, to - from - 1);
    const auto begin = cell.find_first_not_of(' '), end = cell.find_last_not_of(' ');
    cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
  }
  return cells;
}

// The rows of the table below a heading of the document, without its head.
std::vector<std::vector<std::string>> table_below(const std::string& heading) {
  std::ifstream document(SPE_CLAIMS);
  EXPECT_TRUE(document) << SPE_CLAIMS;
  std::vector<std::vector<std::string>> rows;
  bool here = false;
  unsigned line_of_table = 0;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("## ")) here = line == "## " + heading;
    if (!here) continue;
    if (!line.starts_with("|")) line_of_table = 0;
    else if (++line_of_table > 2) rows.push_back(cells_of(line));
  }
  return rows;
}

bool has_cell(const std::vector<std::string>& row, const std::string& verdict) {
  return std::find(row.begin() + 2, row.end() - 1, verdict) != row.end() - 1;
}

TEST(Carried, EveryClaimIsInTheTable) {
  std::set<std::string> rows;
  for (const auto& row : table_below("The table")) rows.insert(row[0]);
  ASSERT_GT(rows.size(), 150u);
  for (const char* name : {"documented", "arm-asl", "spe-v4", "spe-v5", "spe-intent", "spe-v6",
                           "spe-fault-resume", "spe-fault-discard"}) {
    const Profile* profile = find_profile(name);
    ASSERT_NE(profile, nullptr);
    const std::vector<bool> mine = invariants_of(*profile);
    const std::vector<std::string> names = claim_names(*profile);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const bool is_said = i >= mine.size() || mine[i];
      EXPECT_TRUE(!is_said || rows.contains(names[i])) << names[i];
    }
  }
}

TEST(Carried, AClaimThatNothingCarriesIsListedWithItsReason) {
  std::map<std::string, std::string> reasons;
  for (const auto& row : table_below("Carried by nothing")) reasons[row[0]] = row[1];
  ASSERT_FALSE(reasons.empty());
  unsigned carried = 0;
  for (const auto& row : table_below("The table")) {
    const bool is_carried = !row.back().empty();
    carried += is_carried ? 1 : 0;
    EXPECT_TRUE(is_carried || !has_cell(row, "holds"))
        << row[0] << " holds, and nothing carries it";
    EXPECT_EQ(has_cell(row, "by construction"), reasons.contains(row[0]))
        << row[0] << " and the list of what nothing carries";
  }
  EXPECT_GT(carried, 100u);
  for (const auto& [name, reason] : reasons) EXPECT_GT(reason.size(), 20u) << name;
}

// --- the three claims ---------------------------------------------------------------------------

struct Judged {
  checker::Report whole;   // by the specification as it is
  checker::Report defect;  // with something left out
};

// Nothing when there is no such part.
std::optional<Judged> judge(const std::string& file, const std::string& left_out) {
  Judged judged{checker::check_file(file, {}), {}};
  for (const gen::Mutant& m : gen::enumerate_left_out(*find_profile(judged.whole.profile))) {
    if (m.rule + "." + m.first != left_out) continue;
    checker::CheckOptions options;
    options.mutation = &m.mutation;
    judged.defect = checker::check_file(file, options);
    return judged;
  }
  return std::nullopt;
}

TEST(Carried, EachOfTheThreeClaimsIsBrokenByFiveSingleDefects) {
  std::map<std::string, std::set<std::string>> defects;
  for (const auto& row : table_below("The three claims, broken")) {
    ASSERT_EQ(row.size(), 4u);
    const std::string &claim = row[0], &left_out = row[2];
    const std::string file = std::string(SPE_TRACES) + "/claims/" + row[3] + ".trace";
    const std::optional<Judged> judged = judge(file, left_out);
    ASSERT_TRUE(judged) << row[3] << " without " << left_out;
    // The defect alone breaks the claim, and nothing else happens on the way.
    bool breaks = false;
    for (const checker::Finding& f : judged->defect.findings) {
      EXPECT_TRUE(f.of_claim()) << row[3] << ": " << f.check;
      breaks = breaks || f.check == claim;
    }
    EXPECT_TRUE(breaks) << row[3];
    // Where a check is left out, the specification as it is forbids the history by that check.
    const bool is_effect =
        left_out.find('[') != std::string::npos || judged->whole.findings.empty();
    EXPECT_TRUE(is_effect || judged->whole.findings.front().check == left_out) << row[3];
    for (const checker::Finding& f : judged->whole.findings) EXPECT_NE(f.check, claim) << row[3];
    EXPECT_TRUE(defects[claim].insert(left_out).second) << left_out << " twice";
  }
  ASSERT_EQ(defects.size(), 4u);  // of the second claim there are two: PMU and SPE
  for (const auto& [claim, parts] : defects) EXPECT_GE(parts.size(), 5u) << claim;
}

}  // namespace
}  // namespace assay::prove

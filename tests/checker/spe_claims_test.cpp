// What is claimed of SPE: the properties users ask for are proved of the intent, the hazards of the
// posted series are refuted, and every property of the literature is stated or accounted for.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "checker/properties.hpp"
#include "checker/prove/obligations.hpp"
#include "checker/prove/prove.hpp"
#include "gen/mutants.hpp"
#include "tests/arm64.hpp"

namespace assay::prove {
namespace {

Options small(const char* profile, std::vector<std::string> names = {}) {
  Options o;
  o.shape = assay::shape_of(2, 2, 3, 2, 2);
  o.profile = find_profile(profile);
  o.names = std::move(names);
  o.depth = 0;
  return o;
}

TEST(SpeClaims, WhatUsersAskForIsProvedOfTheIntent) {
  const Report report = prove(
      small("spe-intent",
            {"locked_memslot_is_never_unmapped", "vcpu_never_runs_on_unsupported_cpu",
             "spe_vcpu_never_runs_on_unsupported_cpu", "spe_vcpu_never_runs_without_spe",
             "pmbsr_dl_is_correct", "no_write_at_or_above_limit", "no_sampling_while_service",
             "irq_line_equals_service_bit", "guest_spe_state_isolated", "host_spe_state_isolated",
             "restore_order", "world_switch_is_silent", "fault_inside_a_record_sets_dl",
             "failed_lock_changes_nothing", "other_vcpus_registers_stay"}));
  ASSERT_EQ(report.results.size(), 15u) << report.refusal;
  for (const Result& r : report.results)
    EXPECT_EQ(r.verdict, Verdict::proved) << r.name << ": " << r.reason;
}

// What the posted code breaks, with the number of events of a shortest history.
struct Hazards {
  const char* profile;
  std::map<std::string, std::size_t> events;
};
void PrintTo(const Hazards& h, std::ostream* out) { *out << h.profile; }

class HazardsOf : public testing::TestWithParam<Hazards> {};

TEST_P(HazardsOf, AreRefutedWithAShortestHistory) {
  std::vector<std::string> claims;
  std::size_t longest = 0;
  for (const auto& [claim, events] : GetParam().events) {
    claims.push_back(claim);
    longest = std::max(longest, events);
  }
  Options o = small(GetParam().profile, claims);
  o.depth = static_cast<unsigned>(longest);
  const Report report = prove(o);
  ASSERT_EQ(report.results.size(), claims.size()) << report.refusal;
  for (const Result& r : report.results) {
    EXPECT_EQ(r.verdict, Verdict::violated) << r.name << ": " << r.reason;
    EXPECT_EQ(r.counterexample.events.size(), GetParam().events.at(r.name)) << r.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Spe, HazardsOf,
                         testing::Values(Hazards{"spe-v4",
                                                 {{"unlocked_memslot_holds_no_pins", 3},
                                                  {"failed_lock_changes_nothing", 3},
                                                  {"locked_pages_are_given_back_once", 3},
                                                  {"unlocked_memslot_has_no_stale_mapping", 4},
                                                  {"spe_interrupt_is_ppi", 5}}},
                                         Hazards{"spe-v5",
                                                 {{"locked_memslot_survives_mmu_notifiers", 4}}}));

// A failed INIT leaves the feature behind long enough to set a number, and the next failing one
// takes it away: the other vCPU may then have another.
INSTANTIATE_TEST_SUITE_P(LongSpe, HazardsOf,
                         testing::Values(Hazards{"spe-intent", {{"spe_interrupts_are_equal", 9}}}));

TEST(SpeClaims, WithoutItsCheckAPropertyOfStepsFails) {
  Options o = small("documented", {"fault_inside_a_record_sets_dl", "service_is_sticky"});
  const auto mutants = gen::enumerate_mutants(*o.profile);
  const auto m = std::find_if(mutants.begin(), mutants.end(), [](const gen::Mutant& one) {
    return one.name == "spe_fault: drop partial_record_sets_dl";
  });
  ASSERT_NE(m, mutants.end());
  o.mutation = &m->mutation;
  const Report report = prove(o);
  ASSERT_EQ(report.results.size(), 2u);
  for (const Result& r : report.results)
    EXPECT_EQ(r.verdict == Verdict::proved, r.name == "service_is_sticky") << r.name;
}

// The numbers of the properties that are known to have been asked for: A01 to N08.
std::set<std::string> all_ids() {
  std::set<std::string> ids;
  const std::pair<char, int> families[] = {{'A', 44}, {'L', 22}, {'V', 15}, {'W', 21},
                                           {'I', 11}, {'E', 6},  {'N', 8}};
  for (const auto& [letter, count] : families)
    for (int i = 1; i <= count; ++i)
      ids.insert(letter + std::string(i < 10 ? "0" : "") + std::to_string(i));
  return ids;
}

std::set<std::string> ids_in(const std::string& text) {
  std::set<std::string> ids;
  static const std::regex one("\\b[ALVWIEN][0-9][0-9]\\b");
  for (std::sregex_iterator i(text.begin(), text.end(), one), end; i != end; ++i)
    ids.insert(i->str());
  return ids;
}

TEST(SpeClaims, EveryKnownPropertyIsStatedOrAccountedFor) {
  std::set<std::string> stated;
  auto add = [&](const std::string& source) { stated.merge(ids_in(source)); };
  for (const auto& i : system_claims<Concrete>().invariants) add(i.source);
  for (const Profile& p : all_profiles())
    for (const checker::PropertyInfo& property : checker::properties_of(p).list())
      add(property.source);
  std::set<std::string> accounted;
  std::ifstream document(SPE_CLAIMS);
  ASSERT_TRUE(document) << SPE_CLAIMS;
  bool in_section = false;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("## ")) in_section = line == "## Not stated as a claim";
    if (in_section && line.starts_with("| "))
      accounted.merge(ids_in(line.substr(0, line.find('|', 2))));
  }
  for (const std::string& id : all_ids())
    EXPECT_NE(stated.contains(id), accounted.contains(id))
        << id << (stated.contains(id) ? " is stated and accounted for" : " is missing");
}

std::vector<std::string> quoted_in(const std::string& cell) {
  static const std::regex quoted("`([^`]+)`");
  std::vector<std::string> names;
  for (std::sregex_iterator i(cell.begin(), cell.end(), quoted), end; i != end; ++i)
    names.push_back((*i)[1]);
  return names;
}

// The table of defects: each trace expects one of the claims that its row names.
TEST(SpeClaims, EveryDefectHasATraceThatBreaksWhatItsRowSays) {
  std::ifstream document(SPE_CLAIMS);
  unsigned rows = 0;
  bool in_table = false;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("| Defect |")) in_table = true;
    else if (!line.starts_with("|")) in_table = false;
    if (!in_table || line.find('`') == std::string::npos) continue;
    ++rows;
    const std::size_t second = line.find('|', 1), third = line.find('|', second + 1);
    const std::vector<std::string> claims = quoted_in(line.substr(second, third - second));
    for (const std::string& name : quoted_in(line.substr(third))) {
      std::ifstream trace(std::filesystem::path(SPE_TRACES) / "kvm" / (name + ".trace"));
      ASSERT_TRUE(trace) << name;
      std::string expect;
      while (!expect.starts_with("# expect violates ") && std::getline(trace, expect)) {}
      ASSERT_TRUE(trace) << name;
      const std::string claim = expect.substr(std::string("# expect violates ").size());
      EXPECT_NE(std::find(claims.begin(), claims.end(), claim), claims.end()) << name;
    }
  }
  EXPECT_GE(rows, 10u);
}

// --- what is left open -------------------------------------------------------------------------

std::set<std::string> names_of_the_specification() {
  std::set<std::string> names;
  for (const Profile& p : all_profiles()) {
    names.emplace(p.name);
    for (const CatalogEntry& e : system_catalog(p)) {
      names.insert(e.rule);
      names.insert(e.rule + "." + e.id);
    }
  }
  for (const auto& i : system_claims<Concrete>().invariants) names.emplace(i.name);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SPE_TRACES))
    if (entry.path().extension() == ".trace") names.insert(entry.path().stem().string());
  return names;
}

TEST(SpeAmbiguities, EachIsAccountedForByNamesThatExist) {
  const std::set<std::string> known = names_of_the_specification();
  std::ifstream document(SPE_AMBIGUITIES);
  ASSERT_TRUE(document) << SPE_AMBIGUITIES;
  std::set<int> numbers;
  static const std::regex number("[0-9]+"), quoted("`([^`]+)`");
  for (std::string line; std::getline(document, line);) {
    if (!line.starts_with("| ") || line.starts_with("| |")) continue;
    const std::string head = line.substr(0, line.find('|', 2));
    for (std::sregex_iterator i(head.begin(), head.end(), number), end; i != end; ++i)
      numbers.insert(std::stoi(i->str()));
    for (std::sregex_iterator i(line.begin(), line.end(), quoted), end; i != end; ++i) {
      const std::string name = (*i)[1];
      EXPECT_TRUE(name == "dl" || known.contains(name)) << name << " in: " << line;
    }
  }
  ASSERT_GE(numbers.size(), 50u);
  EXPECT_EQ(*numbers.begin(), 1);
  EXPECT_EQ(*numbers.rbegin(), static_cast<int>(numbers.size())) << "a row is missing";
}

}  // namespace
}  // namespace assay::prove

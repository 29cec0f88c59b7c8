// Which sides of a check traces have shown, and which of them could be shown at all.
#include "checker/exercised.hpp"

#include <algorithm>

#include "tests/arm64.hpp"
#include "tests/checker/checked.hpp"

namespace assay::checker {
namespace {

Exercised how(const char* profile, const std::string& rule, const char* id, bool held,
              bool not_held) {
  Coverage seen;
  const Why why = Why::named(id);
  if (held) seen.seen(rule_named(rule), why, true, true);
  if (not_held) seen.seen(rule_named(rule), why, false, false);
  for (const ExercisedCheck& c : exercised_checks(binder(), *find_profile(profile), seen))
    if (c.check->rule == rule && c.check->id == id) return c.how;
  ADD_FAILURE() << rule << "." << id << " is no check of " << profile;
  return Exercised::never;
}

TEST(Exercised, ARefusalHasTwoSides) {
  const auto of = [](bool held, bool not_held) {
    return how("linux-6.12", "create_vcpu", "id_beyond_max", held, not_held);
  };
  EXPECT_EQ(of(true, true), Exercised::both);
  EXPECT_EQ(of(true, false), Exercised::only_held);
  EXPECT_EQ(of(false, true), Exercised::never_held);
  EXPECT_EQ(of(false, false), Exercised::never);
}

// An implementation that conforms never shows the other side of a requirement.
TEST(Exercised, ARequirementThatWasKeptIsNotOneWay) {
  const auto of = [](bool held, bool not_held) {
    return how("linux-6.12", "vcpu_run", "refuses_unsupported_cpu", held, not_held);
  };
  EXPECT_EQ(of(false, true), Exercised::kept);
  EXPECT_EQ(of(true, true), Exercised::both);
  EXPECT_EQ(of(false, false), Exercised::never);
  EXPECT_FALSE(is_one_way(Exercised::kept));
}

TEST(Exercised, TheChecksOfAnEventAreRequirements) {
  const auto& all = system_catalog(*find_profile("documented"));
  const auto of_event = std::find_if(all.begin(), all.end(), [](const CatalogEntry& c) {
    return c.kind == VerbKind::reject && binder().pattern(rule_named(c.rule)).is_event;
  });
  ASSERT_NE(of_event, all.end()) << "no event of this profile has a refusal";
  EXPECT_EQ(how("documented", of_event->rule, of_event->id.c_str(), false, true), Exercised::kept);
}

TEST(Exercised, HardwaresEventsAreForeignToAKernelsTraces) {
  EXPECT_EQ(how("linux-6.12", "spe_read_pmbsr", "reads_service", false, false), Exercised::foreign);
  EXPECT_EQ(how("documented", "spe_read_pmbsr", "reads_service", false, false), Exercised::never);
}

TEST(Exercised, EveryRefusalAndRequirementIsListed) {
  for (const char* profile : {"linux-6.1", "documented", "spe-v4"}) {
    const auto& all = system_catalog(*find_profile(profile));
    const auto wanted = std::count_if(all.begin(), all.end(), [](const CatalogEntry& c) {
      return c.kind == VerbKind::reject || c.kind == VerbKind::require;
    });
    EXPECT_EQ(exercised_checks(binder(), *find_profile(profile), Coverage{}).size(),
              static_cast<std::size_t>(wanted))
        << profile;
  }
}

}  // namespace
}  // namespace assay::checker

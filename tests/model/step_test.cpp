#include <gtest/gtest.h>

#include "model/catalog.hpp"
#include "model/tracked.hpp"
#include "tests/arm64.hpp"

namespace assay::tests {
namespace {

template <class D>
struct Cellar {
  WordCell<D, 8> wine{};
  FlagCell<D> locked{};
  static constexpr auto fields() { return members<&Cellar::wine, &Cellar::locked>; }
};

template <class D>
void take(Step<D>& k, Cellar<D>& c) {
  k.reject(Errno::acces, c.locked, {"locked", "the house rules, 1"});
  k.set(c.wine, c.wine + 1);
  k.reject(Errno::nospc, c.wine >= 3, {"full", "the house rules, 2"});
  k.set(c.wine, c.wine + 10);
}

Profile exact() { return {"test", Precedence::exact, 0}; }

TEST(Step, FirstCheckThatHoldsDecides) {
  Profile p = exact();
  StepContext c;
  c.profile = &p;
  Cellar<Concrete> cellar;
  cellar.locked = true;
  cellar.wine = 5;
  Step<Concrete> k(c);
  take(k, cellar);
  EXPECT_EQ(k.code().value(), static_cast<u64>(Errno::acces));
  EXPECT_STREQ(k.decided_by(), "locked");
  EXPECT_EQ(cellar.wine.value(), 5u);
}

TEST(Step, UpdatesBeforeALaterRejectStay) {
  Profile p = exact();
  StepContext c;
  c.profile = &p;
  Cellar<Concrete> cellar;
  cellar.wine = 2;
  Step<Concrete> k(c);
  take(k, cellar);
  EXPECT_EQ(k.code().value(), static_cast<u64>(Errno::nospc));
  EXPECT_EQ(cellar.wine.value(), 3u);
}

TEST(Step, DocumentedPrecedenceKeepsEveryCheckThatHolds) {
  Profile p{"test", Precedence::documented, 0};
  StepContext c;
  c.profile = &p;
  Cellar<Concrete> cellar;
  cellar.locked = true;
  cellar.wine = 5;
  Step<Concrete> k(c);
  take(k, cellar);
  EXPECT_TRUE(k.held().has(Errno::acces));
  EXPECT_TRUE(k.held().has(Errno::nospc));
  EXPECT_FALSE(k.held().has(Errno::inval));
}

TEST(Step, MutationDropsACheckAndSwapsTwo) {
  Profile p = exact();
  Mutation m;
  m.kind = Mutation::Kind::drop;
  m.first = Why::hash_of("locked");
  StepContext c;
  c.profile = &p;
  c.mutation = &m;
  Cellar<Concrete> cellar;
  cellar.locked = true;
  cellar.wine = 5;
  Step<Concrete> dropped(c);
  take(dropped, cellar);
  EXPECT_EQ(dropped.code().value(), static_cast<u64>(Errno::nospc));

  m = {Mutation::Kind::swap, 0, Why::hash_of("locked"), Why::hash_of("full")};
  cellar.wine = 5;
  Step<Concrete> swapped(c);
  take(swapped, cellar);
  EXPECT_EQ(swapped.code().value(), static_cast<u64>(Errno::nospc));
}

TEST(Step, JournalTakesAStepBack) {
  Profile p = exact();
  Journal journal;
  StepContext c;
  c.profile = &p;
  c.journal = &journal;
  c.event = 9;
  Cellar<Recorded> cellar;
  Step<Recorded> k(c);
  take(k, cellar);
  EXPECT_EQ(cellar.wine.value.value(), 11u);
  EXPECT_EQ(cellar.wine.by, 9u);
  journal.undo();
  EXPECT_EQ(cellar.wine.value.value(), 0u);
  EXPECT_EQ(cellar.wine.by, 0u);
}

TEST(Step, JournalTellsAnAssignmentFromAChange) {
  Profile p = exact();
  Journal journal;
  StepContext c;
  c.profile = &p;
  c.journal = &journal;
  Cellar<Recorded> cellar;
  Step<Recorded> k(c);
  k.set(cellar.wine, Word<Recorded, 8>(0));
  EXPECT_FALSE(journal.empty());
  EXPECT_FALSE(journal.changes());
  k.set(cellar.wine, Word<Recorded, 8>(3));
  EXPECT_TRUE(journal.changes());
  journal.undo();
  EXPECT_FALSE(journal.changes());
  k.set(cellar.wine, Word<Recorded, 8>(3));
  EXPECT_TRUE(journal.changes());
  journal.clear();
  EXPECT_FALSE(journal.changes());
}

TEST(Step, TrackedChecksNameTheLeavesThatDecided) {
  Profile p = exact();
  StepContext c;
  c.profile = &p;
  Cellar<Concrete> cellar;
  cellar.locked = true;
  auto tracked = tracked_copy<Cellar<Tracked>>(cellar);
  Step<Tracked> k(c);
  take(k, tracked);
  ASSERT_EQ(k.checks.size(), 2u);
  EXPECT_TRUE(k.checks[0].decided);
  ASSERT_EQ(k.checks[0].condition.from.size(), 1u);
  EXPECT_EQ(k.checks[0].condition.from[0], 1u);  // "locked" is the second leaf
}

TEST(Choices, OdometerVisitsEveryCombinationOnce) {
  Choices choices;
  int combinations = 0;
  do {
    choices.flag();
    choices.flag();
    choices.flag();
    ++combinations;
  } while (choices.next());
  EXPECT_EQ(combinations, 8);
}

TEST(Choices, QuestionsMayDependOnAnswers) {
  Choices choices;
  std::vector<int> seen;
  do {
    bool a = choices.flag();
    int answer = a ? 2 + (choices.flag() ? 1 : 0) : 0;
    seen.push_back(answer);
  } while (choices.next());
  EXPECT_EQ(seen, (std::vector<int>{0, 2, 3}));
}

// Every check has an id of its own within its rule, and a source.
TEST(Catalog, IdsAreUniqueAndEveryCheckNamesItsSource) {
  for (const Profile& profile : all_profiles()) {
    auto entries = system_catalog(profile);
    EXPECT_GT(entries.size(), 50u) << profile.name;
    for (const CatalogEntry& a : entries) {
      EXPECT_FALSE(a.source.empty()) << a.rule << "." << a.id;
      for (const CatalogEntry& b : entries)
        if (&a != &b && a.rule == b.rule) {
          EXPECT_NE(a.id, b.id) << a.rule;
          EXPECT_NE(a.hash, b.hash) << a.rule;
        }
    }
  }
}

// A rule's effects are the places that it sets, also under a guard and in a table.
TEST(Catalog, ListsWhatARuleSets) {
  auto entries = system_catalog(*find_profile("linux-6.12"));
  auto sets = [&](const std::string& rule) {
    std::vector<std::string> out;
    for (const CatalogEntry& e : entries)
      if (e.rule == rule && e.kind == VerbKind::set) out.push_back(e.id);
    return out;
  };
  EXPECT_EQ(sets("pmu_init"), (std::vector<std::string>{"vcpu[].pmu.created"}));
  EXPECT_EQ(sets("create_vm"), (std::vector<std::string>{"created", "ipa_bytes"}));
  EXPECT_TRUE(sets("check_extension").empty());
}

}  // namespace
}  // namespace assay::tests

// Shortest histories to states that predicates describe, on the small shape.
#include "checker/prove/find.hpp"

#include <gtest/gtest.h>

#include "checker/prove/encoding.hpp"
#include "checker/prove/replay.hpp"
#include "gen/mutants.hpp"
#include "gen/rules.hpp"
#include "tests/arm64.hpp"

namespace assay::prove {
namespace {

using Kind = SearchResult::Kind;

Options small(const char* profile = "linux-6.1") {
  Options o;
  o.shape = assay::shape_of(2, 2, 3, 2, 2);
  o.profile = find_profile(profile);
  return o;
}

Predicate read(const std::string& text) {
  auto result = read_predicate(text, *state_names(small()));
  EXPECT_EQ(result.index(), 0u) << text;
  return std::get<Predicate>(result);
}

// Finds, and checks what every answer has to be true of.
SearchResult find_checked(const Options& o, const std::string& text) {
  const Predicate p = read(text);
  SearchResult r = find(o, p);
  EXPECT_NE(r.kind, Kind::disagreement) << r.reason;
  if (r.kind != Kind::found) return r;
  EXPECT_EQ(r.depth, r.history.events.size());
  const auto end = replay(r.history, *o.profile, o.mutation);
  EXPECT_TRUE(end.has_value() && holds_in(p, *state_names(o), *end)) << text;
  for (const Event& e : r.history.events)  // a trace event carries no answer but success
    EXPECT_TRUE(e.answer == Errno::ok ||
                !gen::Rules::of(arm64_kvm()).binder().pattern(e.rule).is_event)
        << system_rules()[e.rule].name;
  if (r.depth == 0) return r;
  Options shorter = o;  // and no shorter one does
  shorter.depth = r.depth - 1;
  EXPECT_EQ(find(shorter, p).kind, Kind::none) << text;
  return r;
}

std::vector<std::string> rules_of(const History& h) {
  std::vector<std::string> names;
  for (const Event& e : h.events) names.emplace_back(system_rules()[e.rule].name);
  return names;
}

using Names = std::vector<std::string>;

TEST(Find, ResetNeedsNoEvent) {
  const SearchResult r = find_checked(small(), "!created && host.sve && host.ipa_bits_max == 41");
  ASSERT_EQ(r.kind, Kind::found);
  EXPECT_TRUE(r.history.events.empty());
  EXPECT_TRUE(host_of(r.history.host).sve);
  EXPECT_EQ(host_of(r.history.host).ipa_bits_max.value(), 41u);
}

TEST(Find, OneEventMakesAVm) {
  const SearchResult r = find_checked(small(), "created");
  ASSERT_EQ(r.kind, Kind::found);
  EXPECT_EQ(rules_of(r.history), Names{"create_vm"});
}

TEST(Find, ShortestHistoryToAPmu) {
  const SearchResult r = find_checked(small(), "any(vcpu, c: c.pmu.created)");
  ASSERT_EQ(r.kind, Kind::found);
  EXPECT_EQ(rules_of(r.history), (Names{"create_vm", "create_vcpu", "vcpu_init", "pmu_init"}));
  for (const Event& e : r.history.events) EXPECT_EQ(e.answer, Errno::ok);
}

TEST(Find, WordsAndNumbersDecideArguments) {
  const SearchResult r = find_checked(
      small("linux-6.12"), "slot[1].base_gfn == 5 && slot[1].pages + 1 == 8 && slot[1].readonly");
  ASSERT_EQ(r.kind, Kind::found);
  EXPECT_EQ(rules_of(r.history), (Names{"create_vm", "set_user_memory_region"}));
}

TEST(Find, FailedCallsThatChangeTheStateAreEvents) {
  const SearchResult r = find_checked(small(), "dead");
  ASSERT_EQ(r.kind, Kind::found);
  EXPECT_EQ(rules_of(r.history).back(), "vcpu_run");
  EXPECT_NE(r.history.events.back().answer, Errno::ok);
}

TEST(Find, ReachableInEveryProfile) {
  for (const char* profile : {"linux-6.1", "linux-6.12", "linux-7.2", "documented"}) {
    const SearchResult r = find_checked(small(profile), "gic.initialized && online == 2");
    EXPECT_EQ(r.kind, Kind::found) << profile;
    EXPECT_EQ(r.depth, 5u) << profile;
  }
}

TEST(Find, UnreachableIsNoneUpToTheDepth) {
  Options o = small();
  std::vector<std::size_t> searched;
  o.progress = [&](std::size_t done, std::size_t total) {
    EXPECT_EQ(total, 8u);
    searched.push_back(done);
  };
  const SearchResult r = find(o, read("slot[0].pages != 0 && !created"));
  EXPECT_EQ(r.kind, Kind::none);
  EXPECT_EQ(r.depth, 8u);
  EXPECT_EQ(searched, (std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8}));
  o.depth = 0;
  o.progress = {};
  EXPECT_EQ(find(o, read("created")).kind, Kind::none);
}

TEST(Find, InvariantsAreNotAssumed) {
  Options o = small();
  o.depth = 3;
  EXPECT_EQ(find(o, read("!memslots_never_overlap")).kind, Kind::none);
  for (const gen::Mutant& m : gen::enumerate_mutants(*o.profile)) {
    if (m.name != "set_user_memory_region: drop overlap") continue;
    o.mutation = &m.mutation;
    const SearchResult r = find_checked(o, "!memslots_never_overlap");
    EXPECT_EQ(r.kind, Kind::found);
    EXPECT_EQ(r.depth, 3u);
  }
  EXPECT_NE(o.mutation, nullptr);
}

TEST(Find, ResourceBoundIsUnknown) {
  Options o = small();
  o.rlimit = 1;
  const SearchResult r = find(o, read("dead"));
  EXPECT_EQ(r.kind, Kind::unknown);
  EXPECT_NE(r.reason, "");
}

TEST(Find, StopsWhenAsked) {
  Options o = small();
  o.depth = 64;
  o.stop = [] { return true; };
  const SearchResult r = find(o, read("slot[0].pages != 0 && !created"));
  EXPECT_EQ(r.kind, Kind::unknown);
  EXPECT_EQ(r.reason, "interrupted");
  EXPECT_LT(r.depth, 64u);
}

// What nobody asks for is as on an ordinary host, also in the host's tables: they were left to the
// solver's taste once, because the leaves of a host were counted without the shape.
TEST(Find, ShowsAnOrdinaryHostDownToItsTables) {
  const SearchResult r = find_checked(small(), "created");
  ASSERT_EQ(r.kind, Kind::found);
  const SystemHost ordinary = arm64_kvm().info().typical_host(small().shape);
  EXPECT_TRUE(same_values(host_of(r.history.host), host_of(ordinary)));
}

TEST(Find, AnyShapeHasNamesButOneWithAnEmptyTable) {
  Options o = small();
  o.shape = assay::shape_of(7, 2, 3, 2, 2);
  const auto names = state_names(o);
  ASSERT_TRUE(names.has_value());
  const auto& paths = names->paths();
  EXPECT_NE(std::find(paths.begin(), paths.end(), "vcpu[6].created"), paths.end());
  EXPECT_EQ(std::find(paths.begin(), paths.end(), "vcpu[7].created"), paths.end());
  o.shape = assay::shape_of(0, 2, 3, 2, 2);
  EXPECT_FALSE(state_names(o).has_value());
}

// --- from where a history ends -------------------------------------------------------------------

// --- what cannot be told, and what is too small --------------------------------------------------
// The descriptor of a GICv2 is of a kind that no rule is about: a history that places one
// through the GICv3's rule cannot be told by a trace, and was found all the same.
TEST(Find, AGicV2IsNotPlacedThroughTheRuleOfAGicV3) {
  Options o = small();
  o.depth = 4;
  EXPECT_EQ(find_checked(o, "gic.v2").kind, Kind::found);
  EXPECT_EQ(find(o, read("gic.v2 && gic.dist_set")).kind, Kind::none);
  EXPECT_EQ(find(o, read("!gic.v2 && gic.dist_set")).kind, Kind::found);
}

TEST(Find, WhatIsObjectedToIsLeftOutAndTheSearchGoesOn) {
  Options o = small();
  unsigned asked = 0;
  o.objection = [&](const History& h) {
    ++asked;
    return rules_of(h).back() == "create_vcpu" ? "no vCPU today" : "";
  };
  // Each is reached by one event after create_vm.
  const SearchResult r = find(o, read("online == 1 || slot[0].pages == 1"));
  ASSERT_EQ(r.kind, Kind::found) << r.reason;
  EXPECT_EQ(rules_of(r.history).back(), "set_user_memory_region");
  EXPECT_EQ(r.depth, 2u);
  EXPECT_EQ(asked, r.left_out + 1);
  // No other call makes one, and a search that leaves out too much gives up.
  o.objection = [&](const History&) { return "no history today"; };
  const SearchResult never = find(o, read("online == 1"));
  EXPECT_EQ(never.kind, Kind::disagreement);
  EXPECT_GT(never.left_out, 0u);
  EXPECT_EQ(never.left_out_why, "no history today");
}

TEST(Find, ATableThatIsFullIsToldFromRules) {
  Options o = small();
  o.depth = 4;
  const SearchResult full = find(o, read("online == 3"));
  ASSERT_EQ(full.kind, Kind::none);
  EXPECT_EQ(full.larger, assay::shape_of(3, 2, 3, 2, 2));
  o.shape = full.larger;
  const auto wanted = read_predicate("online == 3", *state_names(o));
  EXPECT_EQ(find(o, std::get<Predicate>(wanted)).kind, Kind::found);
  o = small();
  o.depth = 4;
  EXPECT_TRUE(find(o, read("online == 1 && !created")).larger.grows());
}

TEST(FindAfter, GoesOnFromTheEndOfAHistory) {
  Options o = small();
  const SearchResult first = find_checked(o, "vcpu[1].created && slot[0].pages == 7");
  ASSERT_EQ(first.kind, Kind::found);
  std::string why;
  o.after = start_after(first.history, o, why);
  ASSERT_NE(o.after, nullptr) << why;
  const Predicate p = read("vcpu[1].created && slot[0].pages == 7 && slot[2].pages == 9");
  const SearchResult r = find(o, p);
  ASSERT_EQ(r.kind, Kind::found) << r.reason;
  EXPECT_EQ(r.depth, 1u);
  ASSERT_EQ(r.history.events.size(), first.history.events.size() + 1);
  EXPECT_EQ(rules_of(r.history).back(), "set_user_memory_region");
}

TEST(FindAfter, WhatHoldsAlreadyNeedsNoEvent) {
  Options o = small();
  const SearchResult first = find_checked(o, "vcpu[0].created");
  std::string why;
  o.after = start_after(first.history, o, why);
  ASSERT_NE(o.after, nullptr) << why;
  const SearchResult r = find(o, read("online == 1"));
  EXPECT_EQ(r.kind, Kind::found);
  EXPECT_EQ(r.depth, 0u);
  EXPECT_EQ(r.history.events.size(), first.history.events.size());
}

TEST(FindAfter, ANarrowSearchFindsNothing) {
  Options o = small();
  o.depth = 1;
  const SearchResult first = find_checked(o, "created");
  std::string why;
  o.after = start_after(first.history, o, why);
  ASSERT_NE(o.after, nullptr) << why;
  EXPECT_EQ(find(o, read("online == 2")).kind, Kind::none);
}

TEST(FindAfter, RefusesWhatTheSpecificationAnswersOtherwise) {
  const Options o = small();
  SearchResult first = find_checked(o, "vcpu[0].created");
  ASSERT_EQ(first.kind, Kind::found);
  first.history.events.back().answer = Errno::perm;
  std::string why;
  EXPECT_EQ(start_after(first.history, o, why), nullptr);
  EXPECT_NE(why.find("event 2"), std::string::npos) << why;
}

TEST(FindAfter, RefusesWhatTheShapeDoesNotHold) {
  Options wide = small();
  wide.shape = assay::shape_of(3, 4, 4, 2, 2);
  const auto wanted = read_predicate("online == 3", *state_names(wide));
  ASSERT_EQ(wanted.index(), 0u);
  const SearchResult three = find(wide, std::get<Predicate>(wanted));
  ASSERT_EQ(three.kind, Kind::found);
  std::string why;
  EXPECT_EQ(start_after(three.history, small(), why), nullptr);
  EXPECT_NE(why.find("beyond the shape"), std::string::npos) << why;
}

}  // namespace
}  // namespace assay::prove

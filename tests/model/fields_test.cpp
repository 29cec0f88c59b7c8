#include <gtest/gtest.h>

#include "tests/arm64.hpp"

namespace assay::tests {
namespace {

struct Whole {
  bool a{};
  Bits<4> b{};
  static constexpr auto fields() { return members<&Whole::a, &Whole::b>; }
};
struct Forgetful {
  bool a{};
  Bits<4> b{};
  static constexpr auto fields() { return members<&Forgetful::a>; }
};

struct Derived : Whole {
  using Parts = PartList<Whole>;
  bool c{};
  static constexpr auto fields() { return members<&Derived::c> + Whole::fields(); }
};
struct ForgetsItsPart : Whole {
  using Parts = PartList<Whole>;
  bool c{};
  static constexpr auto fields() { return members<&ForgetsItsPart::c>; }
};
struct HasAForgetfulPart : Forgetful {
  using Parts = PartList<Forgetful>;
  bool c{};
  static constexpr auto fields() { return members<&HasAForgetfulPart::c> + Forgetful::fields(); }
};

TEST(Fields, CompleteNoticesAMissingMember) {
  EXPECT_TRUE(complete<Whole>());
  EXPECT_FALSE(complete<Forgetful>());
}

TEST(Fields, CompleteLooksIntoThePartsOfARecord) {
  EXPECT_TRUE(complete<Derived>());
  EXPECT_FALSE(complete<ForgetsItsPart>());
  EXPECT_FALSE(complete<HasAForgetfulPart>());
}

TEST(Fields, PathsNameEveryLeafOnce) {
  Vm<Concrete> vm;
  vm.vcpu[1].created = true;
  std::vector<std::string> paths;
  named_leaves(
      "", [&](const std::string& path, const auto&) { paths.push_back(path); }, vm);
  std::sort(paths.begin(), paths.end());
  EXPECT_EQ(std::adjacent_find(paths.begin(), paths.end()), paths.end());
  EXPECT_TRUE(std::binary_search(paths.begin(), paths.end(), "vcpu[1].pmu.irq"));
}

TEST(Fields, APartOfASubjectIsAMemberLikeOthers) {
  Vm<Concrete> vm;
  EXPECT_TRUE(assign(vm, "slot[2].lock.held", 1));
  EXPECT_TRUE(vm.slot[2].lock.held);
}

TEST(Stages, NameEachPartOnceAndAreOfARule) {
  for (const StageInfo& stage : system_stages()) {
    EXPECT_NE(rule_named(stage.rule), Event::no_rule) << stage.name;
    EXPECT_FALSE(stage.parts.empty()) << stage.name;
    for (const StageInfo::Part& part : stage.parts) {
      EXPECT_STRNE(part.source, "") << stage.name << ' ' << part.name;
      EXPECT_EQ(std::count_if(stage.parts.begin(), stage.parts.end(),
                              [&](const auto& p) { return std::string_view(p.name) == part.name; }),
                1)
          << stage.name << ' ' << part.name;
    }
  }
}

TEST(Fields, AssignReachesWhatPathsName) {
  Vm<Concrete> vm;
  EXPECT_TRUE(assign(vm, "vcpu[3].pmu.irq", 23));
  EXPECT_EQ(vm.vcpu[3].pmu.irq.value(), 23u);
  EXPECT_TRUE(assign(vm, "host.pe[2].pmu", 8));
  EXPECT_EQ(vm.host.pe[2].pmu.value(), 8u);
  EXPECT_FALSE(assign(vm, "vcpu[3].pmu.nothing", 1));
  EXPECT_FALSE(assign(vm, "vcpu[x].pmu.irq", 1));
  EXPECT_FALSE(assign(vm, "vcpu", 1));
  EXPECT_FALSE(assign(vm, "vcpu[99999999].pmu.irq", 1));
}

TEST(Fields, ExtentOfGrowingTablesDoesNotCount) {
  Vm<Concrete> a, b;
  a.slot[5000].pages = 0;  // touched, still blank
  EXPECT_TRUE(same_values(a, b));
  a.slot[5000].pages = 1;
  EXPECT_FALSE(same_values(a, b));
}

TEST(Bits, ConstantsThatDoNotFitAreABug) {
  EXPECT_DEATH(Bits<3>(8), "does not fit");
  EXPECT_EQ(Bits<3>::wrap(9).value(), 1u);
}

TEST(Bits, NumberSumsDoNotWrap) {
  Number top(~u64{0});
  EXPECT_TRUE(top + Number(1) == two_to_the(64));
  EXPECT_TRUE(top + top > top);
}

TEST(Table, SparseReferencesStayValidWhileItGrows) {
  SparseTable<int> table;
  int& first = table[0];
  first = 7;
  for (std::size_t i = 0; i < 40000; i += 31) table[i] += 1;
  EXPECT_EQ(&first, &table[0]);
  EXPECT_EQ(table[0], 8);
  const SparseTable<int> copy = table;
  EXPECT_EQ(copy[31], 1);
  EXPECT_EQ(copy[50000], 0);
}

TEST(Profiles, ReleasesSelectTheNearestOlderProfile) {
  EXPECT_EQ(profile_for_release("6.1.0-51-arm64")->name, "linux-6.1");
  EXPECT_EQ(profile_for_release("6.12.107")->name, "linux-6.12");
  EXPECT_EQ(profile_for_release("6.8.0")->name, "linux-6.12");
  EXPECT_EQ(profile_for_release("7.2.13-1")->name, "linux-7.2");
  EXPECT_EQ(profile_for_release("not a release"), nullptr);
  EXPECT_EQ(profile_for_release(""), nullptr);
  EXPECT_EQ(find_profile("linux-9"), nullptr);
}

}  // namespace
}  // namespace assay::tests

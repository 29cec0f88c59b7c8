#include "model/coverage.hpp"

#include <gtest/gtest.h>

#include <string>

namespace assay::tests {
namespace {

TEST(Coverage, CountsBothSidesAndSurvivesGrowth) {
  Coverage coverage;
  std::vector<std::string> names;
  for (int i = 0; i < 3000; ++i) names.push_back("check" + std::to_string(i));
  for (int round = 0; round < 2; ++round)
    for (u32 i = 0; i < names.size(); ++i)
      coverage.seen(i % 7, Why::named(names[i].c_str()), round == 0, round == 0);
  for (u32 i = 0; i < names.size(); ++i) {
    const Coverage::Counter* c = coverage.find(i % 7, Why::hash_of(names[i].c_str()));
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->held, 1u);
    EXPECT_EQ(c->not_held, 1u);
    EXPECT_EQ(c->decided, 1u);
  }
  EXPECT_EQ(coverage.evaluations(), 6000u);
  EXPECT_EQ(coverage.find(8, Why::hash_of("check0")), nullptr);
}

// Events come back in another order than the one in which their checks were first seen.
TEST(Coverage, CountsTheRightCheckWhateverCameBefore) {
  Coverage coverage;
  const auto rule = [&](u32 number, unsigned times) {
    for (unsigned i = 0; i < times; ++i)
      for (const char* name : {"a", "b", "c"})
        coverage.seen(number, Why::named(name), number == 2, false);
  };
  rule(1, 1), rule(2, 1), rule(3, 1);
  rule(3, 4), rule(1, 2), rule(3, 1), rule(2, 5), rule(1, 1), rule(2, 1);
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(coverage.find(1, Why::hash_of(name))->not_held, 4u);
    EXPECT_EQ(coverage.find(2, Why::hash_of(name))->held, 7u);
    EXPECT_EQ(coverage.find(3, Why::hash_of(name))->not_held, 6u);
  }
}

TEST(Coverage, MergeAddsUp) {
  Coverage a, b;
  a.seen(1, Why::named("x"), true, true);
  b.seen(1, Why::named("x"), false, false);
  b.seen(2, Why::named("x"), true, false);
  a.merge(b);
  EXPECT_EQ(a.find(1, Why::hash_of("x"))->held, 1u);
  EXPECT_EQ(a.find(1, Why::hash_of("x"))->not_held, 1u);
  EXPECT_EQ(a.find(2, Why::hash_of("x"))->held, 1u);
}

}  // namespace
}  // namespace assay::tests

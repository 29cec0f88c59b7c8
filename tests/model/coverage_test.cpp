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

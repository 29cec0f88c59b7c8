#include "model/focus.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "model/domain.hpp"

namespace assay::tests {
namespace {

struct Entry {
  u64 value = 0;
};

// Two tables, and a step that wrote to entries of the first.
class FocusTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < entries; ++i) table_[i].value = other_[i].value = i;
  }
  void write(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      journal_.save(table_[i].value);
      journal_.save(table_[i].value);
    }
  }
  // The entries of the first table that all() visits, and how many of the second for each.
  std::vector<std::size_t> visited() {
    std::vector<std::size_t> out;
    Focus focus(journal_);
    const UseFocus use(&focus);
    EXPECT_TRUE(all<Recorded>(table_, [&](const auto& e, std::size_t i) {
      EXPECT_EQ(e.value, i);
      out.push_back(i);
      std::size_t others = 0;
      EXPECT_TRUE(all<Recorded>(other_, [&](const auto&) { return ++others != 0; }));
      EXPECT_EQ(others, entries);
      return true;
    }));
    return out;
  }

  static constexpr std::size_t entries = 40;
  SparseTable<Entry> table_, other_;
  Journal journal_;
};

TEST_F(FocusTest, VisitsWhatTheStepWroteAndAllInsideIt) {
  write(3, 4);
  write(38, 40);
  EXPECT_EQ(visited(), (std::vector<std::size_t>{3, 38, 39}));
}

TEST_F(FocusTest, StepThatWroteNothingHereIsAskedAboutNothing) { EXPECT_TRUE(visited().empty()); }

// Loops inside visited nothing then, and what they say was true of nothing.
TEST_F(FocusTest, StepThatWroteMoreThanFitsVisitsEverything) {
  write(0, 30);
  EXPECT_EQ(visited().size(), entries);
}

TEST_F(FocusTest, PairsAreThoseWithAWrittenEntryInTheirOrder) {
  write(5, 6);
  Focus focus(journal_);
  const UseFocus use(&focus);
  std::size_t pairs = 0;
  EXPECT_TRUE(all_pairs<Recorded>(table_, [&](const auto& a, const auto& b) {
    ++pairs;
    EXPECT_LT(a.value, b.value);
    return a.value == 5 || b.value == 5;
  }));
  EXPECT_EQ(pairs, entries - 1);
  EXPECT_FALSE(all_pairs<Recorded>(
      table_, [](const auto& a, const auto& b) { return a.value != 2 || b.value != 5; }));
}

}  // namespace
}  // namespace assay::tests

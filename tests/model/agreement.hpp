// What tests of agreement share: a comparison that names its rule, and a tally that both kinds of
// outcome occurred.
#pragma once
#include <gtest/gtest.h>

#include "tests/arm64.hpp"
#include "tests/model/random_step.hpp"

namespace assay::tests {

// A disagreement names its rule.
inline void require(bool agrees, const RandomStep& step, u32 rule, const char* what) {
  if (!agrees)
    RC_FAIL(std::string(step.profile.name) + " " + system_rules()[rule].name + ": " + what);
}

inline void same_outcome(const RandomStep& step, u32 rule, const Outcome& a, const Outcome& b) {
  require(a.code == b.code, step, rule, "errno differs");
  require(a.illegal == b.illegal, step, rule, "broken requirement differs");
  require(a.has_return == b.has_return && (!a.has_return || a.returned == b.returned), step, rule,
          "returned number differs");
}

// Both kinds of outcome must occur for a comparison to mean something.
struct Tally {
  unsigned accepted = 0, rejected = 0;
  ~Tally() {
    EXPECT_GT(accepted, 200u);
    EXPECT_GT(rejected, 200u);
  }
  void count(const Outcome& o) { (o.code == 0 ? accepted : rejected) += 1; }
};

}  // namespace assay::tests

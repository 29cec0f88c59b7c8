// The heart of the claim "one text, several domains": on random states, also unreachable ones,
// every rule gives the same answer and the same next state in each domain.
//
// Here: domains that execute. Those that merge are in merging_domains_agree_test.cpp.
#include "model/probing.hpp"
#include "model/tracked.hpp"
#include "tests/arm64.hpp"
#include "tests/model/agreement.hpp"

namespace assay::tests {
namespace {

template <class Other>
[[gnu::noinline]] bool same_states(const SystemState<Concrete>& a, const SystemState<Other>& b) {
  return same_values(vm_of(a), vm_of(b));
}

template <class Other>
void agrees_with_concrete() {
  Tally tally;
  EXPECT_TRUE(rc::check([&] {
    const RandomStep step = random_step();
    for (u32 rule = 0; rule < system_rules().size(); ++rule) {
      auto state = state_of<Concrete>(step);
      auto other = state_of<Other>(step);
      const Outcome expected = execute<Concrete>(step, rule, state);
      same_outcome(step, rule, expected, execute<Other>(step, rule, other));
      require(same_states<Other>(state, other), step, rule, "next states differ");
      tally.count(expected);
    }
  }));
}

TEST(DomainsAgree, RecordedExecutesWhatConcreteExecutes) { agrees_with_concrete<Recorded>(); }
TEST(DomainsAgree, TrackedExecutesWhatConcreteExecutes) { agrees_with_concrete<Tracked>(); }
TEST(DomainsAgree, ProbingExecutesWhatConcreteExecutes) {
  agrees_with_concrete<probing::Probing>();
}

}  // namespace
}  // namespace assay::tests

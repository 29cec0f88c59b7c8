// "Lanes come later, without changing a rule": the whole PMU subject runs in a Lanes domain today,
// and each lane agrees with its own concrete execution.
#include "tests/model/lanes.hpp"

#include <gtest/gtest.h>

#include "tests/model/random_state.hpp"

namespace assay::tests {
namespace {

constexpr Shape small = shape_of(2, 2, 3, 2, 2);
using Fixed = ConcreteIn<small>;
using Lanes = LanesIn<small>;

inline u64 lane_value(const LaneFlag& f, unsigned i) { return f.v[i]; }
template <unsigned N>
u64 lane_value(const LaneWord<N>& w, unsigned i) {
  return w.v[i].value();
}
inline u64 lane_value(const LaneNumber& n, unsigned i) { return n.v[i].value(); }
inline void set_lane(LaneFlag& f, unsigned i, u64 v) { f.v[i] = v != 0; }
template <unsigned N>
void set_lane(LaneWord<N>& w, unsigned i, u64 v) {
  w.v[i] = Bits<N>::wrap(v);
}
inline void set_lane(LaneNumber& n, unsigned i, u64 v) { n.v[i] = Number(v); }

// Eight random states, one rule with the same vCPU and different data in each lane.
template <class RuleFixed, class RuleLanes>
void compare(std::mt19937_64& random, const Profile& profile) {
  std::array<SystemState<Fixed>, lane_count> states;
  std::array<RuleFixed, lane_count> rules;
  SystemState<Lanes> wide{};
  RuleLanes wide_rule{};
  for (unsigned i = 0; i < lane_count; ++i) {
    states[i] = random_state<SystemState<Fixed>>(random);
    rules[i] = random_rule<RuleFixed>(random, 2);
    rules[i].vcpu = rules[0].vcpu;
    leaves([&](auto& to, const auto& from) { set_lane(to, i, raw(from)); }, wide, states[i]);
    leaves(
        [&]<class To, class From>(To& to, const From& from) {
          if constexpr (HandleArgument<To>) to = from;
          else set_lane(to, i, raw(from));
        },
        wide_rule, rules[i]);
  }
  StepContext context;
  context.profile = &profile;
  Step<Lanes> w(context);
  wide_rule.apply(w, wide);
  for (unsigned i = 0; i < lane_count; ++i) {
    Step<Fixed> k(context);
    rules[i].apply(k, states[i]);
    ASSERT_EQ(k.code().value(), lane_value(w.code(), i)) << RuleFixed::name << " lane " << i;
    bool same = true;
    leaves([&](const auto& narrow,
               const auto& lane) { same = same && raw(narrow) == lane_value(lane, i); },
           states[i], wide);
    ASSERT_TRUE(same) << RuleFixed::name << " lane " << i;
  }
}

TEST(Lanes, PmuSubjectAgreesLaneByLane) {
  std::mt19937_64 random(30);
  for (int round = 0; round < 200; ++round)
    for (Profile profile : all_profiles()) {
      profile.precedence = Precedence::exact;
      compare<PmuSetIrq<Fixed>, PmuSetIrq<Lanes>>(random, profile);
      compare<PmuInit<Fixed>, PmuInit<Lanes>>(random, profile);
      compare<PmuSetFilter<Fixed>, PmuSetFilter<Lanes>>(random, profile);
      compare<PmuSetPmu<Fixed>, PmuSetPmu<Lanes>>(random, profile);
      compare<PmuHas<Fixed>, PmuHas<Lanes>>(random, profile);
    }
}

}  // namespace
}  // namespace assay::tests

// Domains that merge both sides of a guard agree with execution, as in domains_agree_test.cpp.
#include "spec/symbolic_state.hpp"
#include "tests/arm64.hpp"
#include "tests/model/agreement.hpp"
#include "tests/model/lanes.hpp"

namespace assay::tests {
namespace {

// The value of an expression in which every choice is answered "no".
class Folded {
 public:
  explicit Folded(const StepWatch& watch) : choices_(z3_context()), no_(z3_context()) {
    for (const z3::expr& choice : watch.choices) {
      choices_.push_back(choice);
      no_.push_back(z3_context().bool_val(false));
    }
  }
  u64 operator()(const z3::expr& e) const {
    z3::expr v = e;
    if (!choices_.empty()) v = v.substitute(choices_, no_);
    v = v.simplify();
    // Sums in a state that nothing reaches may leave 64 bits; cells keep the low ones.
    if (v.is_int()) v = z3::int2bv(64, v).simplify();
    return v.is_bool() ? (v.is_true() ? 1 : 0) : v.get_numeral_uint64();
  }

 private:
  z3::expr_vector choices_, no_;
};

[[gnu::noinline]] bool same_symbolic(const SystemState<Concrete>& state,
                                     const SystemState<Symbolic>& symbolic, const Folded& value) {
  bool same = true;
  leaves([&](const auto& x, const auto& y) { same = same && raw(x) == value(y.e); }, vm_of(state),
         vm_of(symbolic));
  return same;
}

// With every leaf a constant, what the proof domain builds folds to what Concrete executes.
void symbolic_step(const RandomStep& step, u32 rule, Tally& tally) {
  auto state = state_of<Concrete>(step);
  SystemState<Symbolic> symbolic = arm64_kvm().in<Symbolic>().copied(state);
  const Outcome expected = execute<Concrete>(step, rule, state);
  const Event e = event_of(step, rule);
  const auto call = system_ops<Symbolic>()[rule](
      e.handle,
      [&](SymLeaf leaf, unsigned i, const std::string&) { leaf.e = leaf.value(e.value[i]); });
  const StepContext context = context_of(step, rule);
  Step<Symbolic> k(context);
  StepWatch watch;
  watch.live = &k.ok();
  watch.legal = &k.legal();
  Symbolic::watch = &watch;
  call->apply(k, symbolic);
  Symbolic::watch = nullptr;

  const Folded value(watch);
  require(expected.code == value(k.code().e), step, rule, "errno differs");
  if (expected.code == 0) {
    require(expected.illegal.empty() == (value(k.legal().e) != 0), step, rule, "legality differs");
    require(expected.has_return == (k.has_return() && value(k.returns_if().e) != 0), step, rule,
            "whether a number is returned differs");
    require(!expected.has_return || expected.returned == value(k.returned().e), step, rule,
            "returned number differs");
  }
  require(same_symbolic(state, symbolic, value), step, rule, "next states differ");
  tally.count(expected);
}

TEST(DomainsAgree, SymbolicFoldsToWhatConcreteExecutes) {
  Tally tally;
  EXPECT_TRUE(rc::check([&] {
    const UseShape use(small);
    const RandomStep step = random_step();
    // Every fifth rule: folding costs a hundred executions, and cases choose where they begin.
    for (u32 rule = *rc::gen::inRange(0u, 5u); rule < system_rules().size(); rule += 5)
      symbolic_step(step, rule, tally);
  }));
}

// "Lanes come later, without changing a rule": eight states side by side, and each lane agrees with
// its own execution.
void lanes_step(const std::vector<RandomStep>& steps, u32 rule, Tally& tally) {
  SystemState<Lanes> wide = arm64_state<Lanes>();
  std::vector<SystemState<Concrete>> states;
  for (unsigned lane = 0; lane < lane_count; ++lane) {
    const auto& state = states.emplace_back(state_of<Concrete>(steps[lane]));
    leaves([&](auto& to, const auto& from) { set_lane(to, lane, raw(from)); }, vm_of(wide),
           vm_of(state));
  }
  const auto call = system_ops<Lanes>()[rule](
      event_of(steps[0], rule).handle, [&](const Lanes::Leaf& set, unsigned i, const std::string&) {
        for (unsigned lane = 0; lane < lane_count; ++lane)
          set(lane, event_of(steps[lane], rule).value[i]);
      });
  const StepContext context = context_of(steps[0], rule);
  Step<Lanes> k(context);
  call->apply(k, wide);
  for (unsigned lane = 0; lane < lane_count; ++lane) {
    const Outcome expected = execute<Concrete>(steps[lane], rule, states[lane]);
    require(expected.code == lane_value(k.code(), lane), steps[lane], rule, "errno differs");
    bool same = true;
    leaves([&](const auto& x, const auto& y) { same = same && raw(x) == lane_value(y, lane); },
           vm_of(states[lane]), vm_of(wide));
    require(same, steps[lane], rule, "next states differ");
    tally.count(expected);
  }
}

TEST(DomainsAgree, EachLaneAgreesWithItsOwnExecution) {
  Tally tally;
  EXPECT_TRUE(rc::check([&] {
    const UseShape use(small);
    std::vector<RandomStep> steps;
    for (unsigned lane = 0; lane < lane_count; ++lane) {
      steps.push_back(random_step());
      steps.back().profile = steps[0].profile;
      steps.back().vcpu = steps[0].vcpu;
    }
    for (u32 rule = *rc::gen::inRange(0u, 8u); rule < system_rules().size(); rule += 8)
      lanes_step(steps, rule, tally);
  }));
}

}  // namespace
}  // namespace assay::tests

// A random state, also one that no history reaches, and one call of every rule on it: what domains
// must agree on. RapidCheck makes it, so a disagreement is shrunk to the few values that matter.
#pragma once
#include <rapidcheck.h>

#include <vector>

#include "model/catalog.hpp"
#include "tests/arm64.hpp"

namespace assay::tests {

inline constexpr Shape small = shape_of(2, 2, 3, 2, 2);

// Mostly small numbers: values that rules can tell apart.
inline rc::Gen<u64> value() {
  return rc::gen::oneOf(
      rc::gen::just(u64{0}), rc::gen::inRange<u64>(0, 4), rc::gen::inRange<u64>(0, 64),
      rc::gen::map(rc::gen::inRange<u64>(0, 64), [](u64 v) { return v * page_bytes; }),
      rc::gen::map(rc::gen::inRange<u64>(0, 16), [](u64 v) { return v * 0x10000; }),
      rc::gen::arbitrary<u64>());
}

// Values of a bounded state in the order of leaves(), and of a call's arguments.
struct RandomStep {
  Profile profile;
  std::vector<u64> state;
  std::vector<u64> arguments;
  unsigned vcpu = 0;
};

inline std::size_t leaf_count() {
  static const std::size_t count = [] {
    const UseShape use(small);
    std::size_t n = 0;
    const Vm<Catalog> skeleton{};
    leaves([&](const auto&) { ++n; }, skeleton);
    return n;
  }();
  return count;
}

// Profiles with exact precedence: merging domains know no other.
inline rc::Gen<Profile> exact_profile() {
  return rc::gen::map(rc::gen::inRange<std::size_t>(0, all_profiles().size()), [](std::size_t i) {
    Profile p = all_profiles()[i];
    p.precedence = Precedence::exact;
    return p;
  });
}

inline RandomStep random_step() {
  RandomStep step;
  step.profile = *exact_profile();
  step.state = *rc::gen::container<std::vector<u64>>(leaf_count(), value());
  step.arguments = *rc::gen::container<std::vector<u64>>(std::size_t{Event::values_max}, value());
  step.vcpu = *rc::gen::inRange(0u, small.size[static_cast<std::size_t>(Dim::vcpu)]);
  return step;
}

// The state in a domain with plain values and growing tables. Only what the shape holds is touched,
// and its limits are those of the shape: a slot or vCPU beyond them would differ by design.
template <class D>
[[gnu::noinline]] Vm<D> vm_of_step(const RandomStep& step) {
  const UseShape use(small);
  const Vm<Catalog> skeleton{};
  Vm<D> state{};
  std::size_t at = 0;
  leaves([&](auto& leaf, const auto&) { store(leaf, step.state[at++]); }, state, skeleton);
  store(state.host.slots_max, 3);
  store(state.host.vcpus_max, 2);
  store(state.online, raw(state.online) % 2);
  store(state.gic.regions, raw(state.gic.regions) % 2);
  store(state.itses.count, 0);
  return state;
}

// The call of one rule. It names no PE beyond the shape: that would differ by design too.
inline Event event_of(const RandomStep& step, u32 rule) {
  const RuleInfo& info = system_rules()[rule];
  Event e;
  e.rule = rule;
  // Of what the rule's handle is of there may be fewer than vCPUs.
  e.handle = info.handle == nullptr ? step.vcpu : step.vcpu % small.size[info.handle_dimension];
  for (std::size_t i = 0; i < info.arguments.size(); ++i) {
    const unsigned width = info.arguments[i].width;
    e.value[i] = width >= 64 ? step.arguments[i] : step.arguments[i] & ((u64{1} << width) - 1);
  }
  if (const int cpu = info.position("cpu"); cpu >= 0) {
    u64& named = e.value[static_cast<std::size_t>(cpu)];
    if (named != 0xffff) named %= small.size[static_cast<std::size_t>(Dim::pe)];
  }
  return e;
}

// The same with its type hidden, as rules take it.
template <class D>
SystemState<D> state_of(const RandomStep& step) {
  const UseShape use(small);
  SystemState<D> state = arm64_state<D>();
  vm_of(state) = vm_of_step<D>(step);
  return state;
}

// What one domain made of a call: the errno, the first broken requirement's id, the state.
struct Outcome {
  u64 code = 0;
  std::string illegal;
  bool has_return = false;
  u64 returned = 0;
};

inline StepContext context_of(const RandomStep& step, u32 rule) {
  StepContext context;
  context.profile = &step.profile;
  context.rule = rule;
  return context;
}

template <class D>
Outcome execute(const RandomStep& step, u32 rule, SystemState<D>& state) {
  const StepContext context = context_of(step, rule);
  Step<D> k(context);
  apply_rule<D>(event_of(step, rule), k, state);
  Outcome out;
  out.code = raw(k.code());
  if (out.code != 0) return out;
  out.illegal = k.illegal() != nullptr ? k.illegal() : "";
  out.has_return = k.has_return();
  out.returned = raw(k.returned());
  return out;
}

}  // namespace assay::tests

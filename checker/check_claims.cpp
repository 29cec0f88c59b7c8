// What is claimed of states and of steps, judged on a trace whose answers the rules allow.
//
// An invariant is judged after every event that changes a value, if the event's rule may write what
// the invariant reads. What an event breaks is found at its line, also where a later one mends it,
// and is a finding again only once it held in between.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "checker/check_vm.hpp"
#include "model/domain.hpp"

namespace assay::checker {

using traces::TraceEvent;

namespace {

// Of several states that explain the trace so far all must break it: what one of them keeps may
// well have been kept.
template <class States>
bool is_broken_in(const States& states, const Invariant<Recorded>& invariant) {
  return std::none_of(states.begin(), states.end(),
                      [&](const auto& s) { return invariant.holds(*s); });
}

// The way that almost every event goes: no invariant was broken before, and none is.
template <class States>
bool all_hold(const States& states, const std::vector<Invariant<Recorded>>& claims,
              std::span<const InvariantsOf::Touched> touched, Focus* focus) {
  const auto& first = *states.front();
  const auto hold = [&](std::span<const InvariantsOf::Touched> some) {
    return std::all_of(some.begin(), some.end(), [&](const InvariantsOf::Touched& t) {
      return claims[t.invariant].holds(first) || !is_broken_in(states, claims[t.invariant]);
    });
  };
  const auto whole = std::find_if(touched.begin(), touched.end(),
                                  [](const InvariantsOf::Touched& t) { return !t.by_entry; });
  const UseFocus use(focus);
  if (!hold({touched.begin(), whole})) return false;
  const UseFocus nothing(nullptr);
  return hold({whole, touched.end()});
}

}  // namespace

// Every answer was allowed by the profile's rules, and what is claimed of them is broken all the
// same. A claim is its own rule and check.
void Checker::add_claim(const char* name, std::string observed, std::string kept,
                        std::string call) {
  Finding f;
  f.line = last_line_;
  f.event = number_;
  f.call = std::move(call);
  f.rule = name;
  f.check = name;
  f.observed = std::move(observed);
  f.allowed = {std::move(kept)};
  add_finding(std::move(f));
}

void Checker::add_broken_invariant(const Invariant<Recorded>& invariant, std::string call) {
  const char* const observed = call.empty() ? "an invariant broken at the end of the VM"
                                            : "a state that breaks this invariant";
  add_claim(invariant.name, observed,
            fmt::format("states in which it holds ({})", invariant.source), std::move(call));
}

void Checker::add_broken_properties(const TraceEvent& e, const Vm& vm) {
  for (const BrokenProperty& p : vm.states->broken())
    add_claim(p.name, "a step that breaks this property",
              fmt::format("steps that keep it ({})", p.source), binder_.text(e));
}

void Checker::note_judged(u32 invariant, bool broken, const TraceEvent& e, Vm& vm) {
  const auto known = std::find(vm.broken.begin(), vm.broken.end(), invariant);
  if (broken == (known != vm.broken.end())) return;
  if (!broken) {
    vm.broken.erase(known);
    return;
  }
  vm.broken.push_back(invariant);
  add_broken_invariant(system_->in<Recorded>().claims.invariants[invariant], binder_.text(e));
}

void Checker::judge_invariants(const TraceEvent& e, Vm& vm) {
  if (!vm.states->has_changed()) return;
  const auto& claims = system_->in<Recorded>().claims.invariants;
  const auto& states = vm.states->all();
  // How long tables are changes slowly, and asking about all their entries is right, too.
  if (vm.judged++ % 32 == 0)
    vm.has_long_table =
        states.front()->ops().longest_table(states.front()->address()) >= long_table;
  Focus step(journal_);
  Focus* const focus = vm.has_long_table && vm.states->is_journalled() ? &step : nullptr;
  const std::span<const InvariantsOf::Touched> touched = invariants_->touched_by(e.event.rule);
  if (vm.broken.empty() && all_hold(states, claims, touched, focus)) [[likely]]
    return;
  for (const InvariantsOf::Touched& t : touched) {
    const UseFocus use(t.by_entry && vm.keeps(t.invariant) ? focus : nullptr);
    note_judged(t.invariant, is_broken_in(states, claims[t.invariant]), e, vm);
  }
}

void Checker::judge_unknown_invariants(const TraceEvent& e, Vm& vm,
                                       std::span<const std::uint32_t> rules) {
  if (!vm.unknown->has_changed()) return;
  const auto judge_one = [&](u32 i, bool by_entry) {
    note_judged(i, vm.unknown->breaks(i, by_entry && vm.keeps(i)), e, vm);
  };
  if (rules.size() == 1) {
    for (const InvariantsOf::Touched& t : invariants_->touched_by(rules.front()))
      judge_one(t.invariant, t.by_entry);
    return;
  }
  // What any of the rules that the call may belong to may write counts.
  std::map<u32, bool> touched;
  for (const std::uint32_t rule : rules)
    for (const InvariantsOf::Touched& t : invariants_->touched_by(rule)) {
      bool& by_entry = touched.try_emplace(t.invariant, true).first->second;
      by_entry = by_entry && t.by_entry;
    }
  for (const auto& [i, by_entry] : touched) judge_one(i, by_entry);
}

// What no event was seen to break: of a host that breaks it from the start, and of a VM whose
// events were not all judged.
void Checker::check_invariants_at_end(Vm& vm) {
  if (vm.violated) return;
  const auto& claims = system_->in<Recorded>().claims.invariants;
  for (const u32 i : invariants_->all()) {
    if (!vm.keeps(i)) continue;
    bool broken = false;
    if (vm.states) {
      broken = is_broken_in(vm.states->all(), claims[i]);
    } else if (vm.unknown && !vm.lost) {
      broken = vm.unknown->breaks(i, false);
    }
    if (broken) add_broken_invariant(claims[i], {});
  }
}

}  // namespace assay::checker

// The specification as a whole, as tools see it: declarations. No rule is named here, none is
// instantiated by including this, and a changed rule does not rebuild what includes it.
//
// Rules have numbers: their positions in the list of the system's subjects (spec/CMakeLists.txt).
// Traces name rules by their spelling and binary traces by their names, so the order may change.
#pragma once
#include <vector>

#include "model/catalog_entry.hpp"
#include "model/dispatch.hpp"
#include "spec/handles.hpp"
#include "spec/kvm/host_assumptions.hpp"
#include "spec/unruled.hpp"

namespace assay {

// The state a rule works on.
template <class D>
using SystemState = Vm<D>;

// Describes every rule, by number.
const std::vector<RuleInfo>& system_rules();
// The rule that makes a system out of nothing; all others apply to one that was made.
u32 creating_rule();
// Event::no_rule when there is no rule of that name.
u32 rule_named(std::string_view name);

// Every check, freedom, answer and effect of every rule under a profile, in the order of the text.
// Made once for each set of behaviours.
const std::vector<CatalogEntry>& system_catalog(const Profile& profile);

// --- stages: points of a rule at which several subjects act --------------------------------------

// Who acts there, in the order of the implementation.
struct StageInfo {
  struct Part {
    const char* name;
    const char* source;
    const char* when;  // "the first run"; empty: whenever the stage is reached
  };
  const char* name;
  const char* rule;  // of which it is a point
  std::vector<Part> parts;
};
const std::vector<StageInfo>& system_stages();

// --- rules in a domain -------------------------------------------------------------------------

struct Catalog;

template <class D>
struct OpsOf {
  using type = RuleOps<D, SystemState<D>>;
};
template <class D>
requires(D::merges) struct OpsOf<D> {
  using type = MakeCall<D, SystemState<D>>;
};

// What a domain can do with each rule, by number: RuleOps in domains that execute, MakeCall in
// domains that merge. Domains: Concrete, Recorded, Tracked, probing::Probing, Symbolic.
template <class D>
const std::vector<typename OpsOf<D>::type>& system_ops();

// Applies the rule of an event, in a domain that executes.
template <class D>
void apply_rule(const Event& e, Step<D>& k, SystemState<D>& state) {
  static const auto* const ops = system_ops<D>().data();
  ops[e.rule].apply(e, k, state);
}

// What those who run on the machine promise about a call that is the hardware's: `observes` of each
// subject, after the rule.
template <class D>
void observe(Step<D>& k, SystemState<D>& state, const Call<D>& call);

// The architecture's rules are written for the machine.
template <class D, class Rule>
void apply_to_part(const Rule& rule, Step<D>& k, SystemState<D>& state) {
  Machine<D> machine = state.machine();
  apply_on(machine, k, rule);
  observe<D>(k, state, call_of<D>(rule));
}

// --- claims: what must be true whatever happens --------------------------------------------------

// Of every state.
template <class D>
struct Invariant {
  const char* name;
  Flag<D> (*holds)(const SystemState<D>&);
  const char* source;
  bool (*applies)(const Profile&);  // whether it says anything about that implementation
};

template <class D>
struct Taken;
template <class D>
using SayTaken = std::function<void(const char* name, Flag<D> holds, const char* source)>;

// In domains that have claims: Concrete, Recorded, Symbolic.
template <class D>
struct SystemClaims {
  using StepClaims = void (*)(const Taken<D>&, const SayTaken<D>&);
  std::vector<Invariant<D>> invariants;
  std::vector<StepClaims> properties;  // of steps (spec/properties.hpp), by subject
  std::vector<StepClaims> questions;   // properties that nobody has promised
};
template <class D>
const SystemClaims<D>& system_claims();

}  // namespace assay

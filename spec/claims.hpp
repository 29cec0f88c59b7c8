// Claims: what must be true whatever happens. Invariants speak of states, properties of steps.
//
// Subjects state them and know the state: TakenOf, SayInvariantOf. Tools ask them and do not:
// AnyTaken, Invariant.
#pragma once
#include <functional>
#include <type_traits>
#include <vector>

#include "spec/system_state.hpp"

namespace assay {

// Claims are evaluated in domains with plain values and proved in Symbolic.
template <class D>
inline constexpr bool has_claims = requires {
  D::has_claims;
};

// --- as they are stated
// ---------------------------------------------------------------------------

// say(whose, name, holds, source) for each invariant of a subject.
template <class D, class State>
using SayInvariantOf = std::function<void(bool (*applies)(const Profile&), const char* name,
                                          Flag<D> (*holds)(const State&), const char* source)>;

// What one step keeps: say(name, holds, source) for each property that speaks of the call.
template <class D>
using SayProperty = std::function<void(const char* name, Flag<D> holds, const char* source)>;

// Whose invariant it is: every implementation's.
constexpr bool every(const Profile&) { return true; }

// One step, as those see it who speak of steps of several rules. Which rule it was is asked with
// as<Rule>(), so a property is compiled once for each domain and not once for each rule.
template <class D, class State>
struct TakenOf {
  const State& before;
  const Call<D>& call;
  const State& after;
  Flag<D> succeeds;   // no check refused the call
  Word<D, 8> answer;  // the errno otherwise
  const Profile& profile;
  const Journal* journal = nullptr;  // of the step; null: not known

  // The call's record, if it is one of this rule; null otherwise.
  template <class Rule>
  const Rule* as() const {
    return call.template as<Rule>();
  }
  template <class... Rule>
  bool is_one_of() const {
    return ((as<Rule>() != nullptr) || ...);
  }
  // The PE that the call names; only for calls that name one.
  const Word<D, 16>& cpu() const { return *call.cpu; }
  // The vCPU (or what else there are several of) that the call is made on, by creation order; only
  // for calls that are made on one.
  unsigned vcpu() const { return static_cast<unsigned>(call.handle); }
  bool names_vcpu() const { return call.handle >= 0; }
};

// --- as they are asked
// ----------------------------------------------------------------------------

// Of every state.
template <class D>
class Invariant {
 public:
  template <class State>
  Invariant(const char* the_name, Flag<D> (*of_state)(const State&), const char* the_source,
            bool (*to)(const Profile&))
      : name(the_name),
        source(the_source),
        applies(to),
        of_state_(reinterpret_cast<void (*)()>(of_state)),
        ask_([](void (*f)(), const void* state) {
          return reinterpret_cast<Flag<D> (*)(const State&)>(f)(*static_cast<const State*>(state));
        }) {}

  const char* name;
  const char* source;
  bool (*applies)(const Profile&);  // whether it says anything about that implementation
  Flag<D> holds(const SystemState<D>& state) const { return ask_(of_state_, state.address()); }

 private:
  void (*of_state_)();
  Flag<D> (*ask_)(void (*)(), const void*);
};

// A step of a system that is not known.
template <class D>
struct AnyTaken {
  const SystemState<D>& before;
  const Call<D>& call;
  const SystemState<D>& after;
  Flag<D> succeeds;
  Word<D, 8> answer;
  const Profile& profile;
  const Journal* journal = nullptr;
};

template <class D>
struct SystemClaims {
  using StepClaims = void (*)(const AnyTaken<D>&, const SayProperty<D>&);
  std::vector<Invariant<D>> invariants;
  std::vector<StepClaims> properties;  // of steps, by subject
  std::vector<StepClaims> questions;   // properties that nobody has promised
};

}  // namespace assay

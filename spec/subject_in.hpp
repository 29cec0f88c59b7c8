// A subject instantiated in a domain, and a system joined of those. Included by the translation
// units that the build makes of subject_in.cpp.in and system_in.cpp.in.
#pragma once
#include <concepts>

#include "spec/subject.hpp"
#include "spec/system.hpp"

namespace assay {

// Of one subject, or of all of a system.
template <class D, class State>
struct SubjectIn {
  std::vector<typename OpsOf<D>::type> ops;
  SystemClaims<D> claims;
  std::vector<void (*)(Step<D>&, State&, const Call<D>&)> observers;
  std::vector<RuleInfo> infos;             // Concrete only
  std::vector<HandleDeclaration> handles;  // the same
};

template <class TheSystem, class D>
using StateIn = typename TheSystem::template State<D>;

template <class TheSystem, class Subject, class D>
SubjectIn<D, StateIn<TheSystem, D>> subject_in();

template <class D, class State, class... Rule>
void add_rules(TypeList<Rule...>, SubjectIn<D, State>& out) {
  using Hidden = SystemState<D>;
  if constexpr (D::merges) out.ops = {&make_call<D, Hidden, State, Rule>...};
  else out.ops = {rule_ops<D, Hidden, State, Rule>()...};
  if constexpr (std::same_as<D, Concrete>) out.infos = {info_of<Rule>()...};
}

// A step whose states' type is known again.
template <class D, class State>
TakenOf<D, State> typed(const AnyTaken<D>& t) {
  return {t.before.template as<State>(),
          t.call,
          t.after.template as<State>(),
          t.succeeds,
          t.answer,
          t.profile,
          t.journal};
}

template <class Subject, class D, class State>
void add_claims(SystemClaims<D>& out) {
  if constexpr (requires { Subject::template invariants<D>; })
    Subject::template invariants<D>(
        [&](bool (*applies)(const Profile&), const char* name, Flag<D> (*holds)(const State&),
            const char* source) { out.invariants.emplace_back(name, holds, source, applies); });
  if constexpr (requires { &Subject::template properties<D>; })
    out.properties.push_back([](const AnyTaken<D>& t, const SayProperty<D>& say) {
      Subject::template properties<D>(typed<D, State>(t), say);
    });
  if constexpr (requires { &Subject::template questions<D>; })
    out.questions.push_back([](const AnyTaken<D>& t, const SayProperty<D>& say) {
      Subject::template questions<D>(typed<D, State>(t), say);
    });
}

template <class TheSystem, class Subject, class D>
SubjectIn<D, StateIn<TheSystem, D>> instantiate() {
  using State = StateIn<TheSystem, D>;
  SubjectIn<D, State> out;
  add_rules<D, State>(typename Subject::template Rules<D>{}, out);
  if constexpr (requires { &Subject::template observes<D>; })
    out.observers.push_back(&Subject::template observes<D>);
  if constexpr (has_claims<D>) add_claims<Subject, D, State>(out.claims);
  if constexpr (std::same_as<D, Concrete> && requires { Subject::handles; })
    out.handles.assign(Subject::handles.begin(), Subject::handles.end());
  return out;
}

// --- a system ---------------------------------------------------------------------------------

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

template <class D, class State>
void append(SubjectIn<D, State>& to, const SubjectIn<D, State>& from) {
  append(to.ops, from.ops);
  append(to.infos, from.infos);
  append(to.handles, from.handles);
  append(to.observers, from.observers);
  append(to.claims.invariants, from.claims.invariants);
  append(to.claims.properties, from.claims.properties);
  append(to.claims.questions, from.claims.questions);
}

template <class TheSystem, class D, class... Subject>
SubjectIn<D, StateIn<TheSystem, D>> join() {
  SubjectIn<D, StateIn<TheSystem, D>> all;
  (append(all, subject_in<TheSystem, Subject, D>()), ...);
  return all;
}

}  // namespace assay

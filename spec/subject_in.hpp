// A subject instantiated in a domain, and a system joined of those. Included by the translation
// units that the build makes of subject_in.cpp.in and system_in.cpp.in.
#pragma once
#include <concepts>

#include "spec/subject.hpp"

namespace assay {

template <class D>
struct SubjectIn {
  std::vector<typename OpsOf<D>::type> ops;
  SystemClaims<D> claims;
  std::vector<void (*)(Step<D>&, SystemState<D>&, const Call<D>&)> observers;
  std::vector<RuleInfo> infos;             // Concrete only
  std::vector<HandleDeclaration> handles;  // the same
};

template <class Subject, class D>
SubjectIn<D> subject_in();

// Claims are evaluated in domains with plain values and proved in Symbolic.
template <class D>
inline constexpr bool has_claims = requires {
  D::has_claims;
};

template <class D, class... Rule>
void add_rules(TypeList<Rule...>, SubjectIn<D>& out) {
  if constexpr (D::merges) out.ops = {&make_call<D, SystemState<D>, Rule>...};
  else out.ops = {rule_ops<D, SystemState<D>, Rule>()...};
  if constexpr (std::same_as<D, Concrete>) out.infos = {info_of<Rule>()...};
}

template <class Subject, class D>
void add_claims(SystemClaims<D>& out) {
  if constexpr (requires { Subject::template invariants<D>; })
    Subject::template invariants<D>([&](bool (*applies)(const Profile&), const char* name,
                                        Flag<D> (*holds)(const SystemState<D>&),
                                        const char* source) {
      out.invariants.push_back({name, holds, source, applies});
    });
  if constexpr (requires { &Subject::template properties<D>; })
    out.properties.push_back(&Subject::template properties<D>);
  if constexpr (requires { &Subject::template questions<D>; })
    out.questions.push_back(&Subject::template questions<D>);
}

template <class Subject, class D>
SubjectIn<D> instantiate() {
  SubjectIn<D> out;
  add_rules<D>(typename Subject::template Rules<D>{}, out);
  if constexpr (requires { &Subject::template observes<D>; })
    out.observers.push_back(&Subject::template observes<D>);
  if constexpr (has_claims<D>) add_claims<Subject, D>(out.claims);
  if constexpr (std::same_as<D, Concrete> && requires { Subject::handles; })
    out.handles.assign(Subject::handles.begin(), Subject::handles.end());
  return out;
}

// --- a system ---------------------------------------------------------------------------------

template <class D>
using SystemIn = SubjectIn<D>;

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

template <class D>
void append(SystemIn<D>& to, const SubjectIn<D>& from) {
  append(to.ops, from.ops);
  append(to.infos, from.infos);
  append(to.handles, from.handles);
  append(to.observers, from.observers);
  append(to.claims.invariants, from.claims.invariants);
  append(to.claims.properties, from.claims.properties);
  append(to.claims.questions, from.claims.questions);
}

template <class D, class... Subject>
SystemIn<D> join() {
  SystemIn<D> all;
  (append(all, subject_in<Subject, D>()), ...);
  return all;
}

}  // namespace assay

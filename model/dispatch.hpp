// From events to rules and back: the only place that knows both.
//
// `Rules` is a TypeList of rule records of one domain. `Dispatcher` builds a record from an event
// and applies it; `rule_infos` describes all rules to tools that never name one.
#pragma once
#include <cstring>

#include "model/event.hpp"
#include "model/step.hpp"

namespace assay {

template <class... T>
struct TypeList {
  static constexpr std::size_t size = sizeof...(T);
};

// A handle argument is a struct with an `index`; everything else is a value.
template <class T>
concept HandleArgument = requires(T t) {
  { t.index } -> std::convertible_to<unsigned>;
};

// Calls on_value(leaf, position) for each value argument and on_handle(handle) for handles.
template <class Rule, class OnValue, class OnHandle>
void walk_arguments(Rule& rule, OnValue&& on_value, OnHandle&& on_handle) {
  unsigned at = 0;
  leaves(
      [&](auto& leaf) {
        if constexpr (HandleArgument<std::remove_cvref_t<decltype(leaf)>>) on_handle(leaf);
        else on_value(leaf, at++);
      },
      rule);
}

// The rule record of an event, in an executing domain.
template <class Rule>
Rule rule_of(const Event& e) {
  Rule rule{};
  walk_arguments(
      rule, [&](auto& leaf, unsigned i) { store(leaf, e.value[i]); },
      [&](auto& handle) { handle.index = e.vcpu; });
  return rule;
}

template <class D, class State, class Rules>
struct Dispatcher;

template <class D, class State, class... Rule>
struct Dispatcher<D, State, TypeList<Rule...>> {
  using Apply = void (*)(const Event&, Step<D>&, State&);
  static constexpr std::size_t count = sizeof...(Rule);

  static void apply(const Event& e, Step<D>& k, State& state) { table[e.rule](e, k, state); }

  // f(rule prototype, number) for every rule.
  template <class F>
  static void each(F&& f) {
    u32 number = 0;
    (f(Rule{}, number++), ...);
  }

 private:
  template <class R>
  static void apply_one(const Event& e, Step<D>& k, State& state) {
    rule_of<R>(e).apply(k, state);
  }
  static constexpr Apply table[] = {&apply_one<Rule>...};
};

// Whether the state has what the event's handles name; true for rules without handles.
template <class Rule, class State>
auto handles_exist(const Rule& rule, const State& state) {
  using D = typename State::Domain;
  Flag<D> all_exist = true;
  leaves(
      [&](const auto& leaf) {
        if constexpr (HandleArgument<std::remove_cvref_t<decltype(leaf)>>)
          all_exist = all_exist && exists(state, leaf);
      },
      rule);
  return all_exist;
}

// Whether implementations of a profile have the call that a rule describes. A rule that only some
// have says so with `static bool applies(const Profile&)`.
template <class Rule>
bool rule_is_of(const Profile& profile) {
  if constexpr (requires { Rule::applies(profile); }) return Rule::applies(profile);
  else return true;
}

// Describes a rule of a domain with plain values (Concrete).
template <class Rule>
RuleInfo info_of() {
  RuleInfo info{Rule::name, Rule::syntax, Rule::source, "", false, {}, nullptr, nullptr};
  if constexpr (requires { Rule::constants; }) info.constants = Rule::constants;
  if constexpr (requires { &Rule::makes; }) info.makes = &Rule::makes;
  if constexpr (requires { &Rule::applies; }) info.applies = &Rule::applies;
  Rule rule{};
  auto note = [&]<class Leaf>(const char* name, const Leaf& leaf, unsigned array) {
    if constexpr (HandleArgument<Leaf>) info.has_vcpu = true;
    else
      info.arguments.push_back({name, leaf_width<Leaf>(), std::is_same_v<Leaf, Number>,
                                std::is_same_v<Leaf, bool>, false, array, raw(leaf)});
  };
  std::apply(
      [&](auto... member) {
        [[maybe_unused]] auto one = [&](auto m) {
          auto& value = rule.*m.pointer;
          if constexpr (is_std_array<std::remove_cvref_t<decltype(value)>>::value)
            for (unsigned i = 0; i < value.size(); ++i) note(m.name, value[i], i);
          else note(m.name, value, 0);
        };
        (one(member), ...);
      },
      Rule::fields());
  if constexpr (requires { Rule::answers; })
    for (unsigned i = 0; i < Rule::answers; ++i)
      info.arguments[info.arguments.size() - 1 - i].is_answer = true;
  return info;
}

template <class... Rule>
std::vector<RuleInfo> rule_infos(TypeList<Rule...>) {
  return {info_of<Rule>()...};
}

}  // namespace assay

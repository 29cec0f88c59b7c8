// From events to rules and back: the only place that knows both.
//
// A rule is a record of its arguments with an apply(). What tools do with it goes through a few
// functions that hide its type: RuleOps in domains that execute events, MergedCall in domains that
// merge, RuleInfo for what is plain data. So only the translation units that instantiate a subject
// in a domain see rules (spec/subject_in.hpp), and one line changed in a rule rebuilds those.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "model/event.hpp"
#include "model/step.hpp"

namespace assay {

template <class... T>
struct TypeList {
  static constexpr std::size_t size = sizeof...(T);
};

// A handle argument is a struct with an `index`, and says of which dimension of the shape it is one
// (`dimension`); everything else is a value. A rule has one at most.
template <class T>
concept HandleArgument = requires(T t) {
  { t.index } -> std::convertible_to<unsigned>;
};

// Calls on_value(leaf, position) for each value argument and on_handle(handle) for handles.
template <class Rule, class OnValue, class OnHandle>
constexpr void walk_arguments(Rule& rule, OnValue&& on_value, OnHandle&& on_handle) {
  unsigned at = 0;
  leaves(
      [&](auto& leaf) {
        if constexpr (HandleArgument<std::remove_cvref_t<decltype(leaf)>>) on_handle(leaf);
        else on_value(leaf, at++);
      },
      rule);
}

// The number of value arguments of a rule.
template <class Rule>
constexpr unsigned value_count() {
  Rule rule{};
  unsigned count = 0;
  walk_arguments(
      rule, [&](auto&, unsigned) { ++count; }, [](auto&) {});
  return count;
}

// The rule record of an event, in an executing domain.
template <class D, class Rule>
Rule rule_of(const Event& e) {
  Rule rule{};
  walk_arguments(
      rule,
      [&](auto& leaf, unsigned i) {
        store(leaf, e.value[i]);
        if constexpr (requires { D::mark_argument(leaf, i); }) D::mark_argument(leaf, i);
      },
      [&](auto& handle) { handle.index = e.handle; });
  return rule;
}

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

// What a caller must have to make the call at all, besides what its handles name. A rule that needs
// more says so with `Flag<D> can_be_called(const State&) const`.
template <class Rule, class State>
auto is_callable(const Rule& rule, const State& state) {
  if constexpr (requires { rule.can_be_called(state); }) return rule.can_be_called(state);
  else return Flag<typename State::Domain>(true);
}

// --- a call whose rule is not known -----------------------------------------------------------

// One address for each rule of each domain.
template <class Rule>
inline constexpr char kind_of_rule = 0;

// A rule's record, seen by those who speak of calls of several rules (properties of steps).
template <class D>
struct Call {
  const void* record = nullptr;
  const char* kind = nullptr;
  const Word<D, 16>* cpu = nullptr;  // the PE that it names; null: none
  int handle = -1;                   // what it is made on, where there are several; -1: no handle
  bool by_hardware = false;          // a step that hardware makes by itself

  // The record, if the call is one of this rule; null otherwise.
  template <class Rule>
  const Rule* as() const {
    return kind == &kind_of_rule<Rule> ? static_cast<const Rule*>(record) : nullptr;
  }
};

template <class D, class Rule>
Call<D> call_of(const Rule& rule) {
  Call<D> call;
  call.record = &rule;
  call.kind = &kind_of_rule<Rule>;
  if constexpr (requires { static_cast<const Word<D, 16>*>(&rule.cpu); }) call.cpu = &rule.cpu;
  leaves(
      [&]<class Leaf>(const Leaf& leaf) {
        if constexpr (HandleArgument<Leaf>) call.handle = static_cast<int>(leaf.index);
      },
      rule);
  call.by_hardware = requires { Rule::by_hardware; };
  return call;
}

// Applies a rule to the state, or by apply_to_part(), which the state's owner has, to the part of
// it that the rule is written for.
template <class D, class Rule, class State>
void run_rule(const Rule& rule, Step<D>& k, State& state) {
  if constexpr (requires { rule.apply(k, state); }) rule.apply(k, state);
  else apply_to_part(rule, k, state);
}

// --- domains that execute events --------------------------------------------------------------

template <class D, class State>
struct RuleOps {
  void (*apply)(const Event&, Step<D>&, State&);
  // Hands the record over for as long as `use` runs.
  void (*with_call)(const Event&, const std::function<void(const Call<D>&)>& use);
};

// `Typed` is the state that the rule is written for; `State` hides it (as<Typed>()).
template <class D, class State, class Typed, class Rule>
RuleOps<D, State> rule_ops() {
  return {[](const Event& e, Step<D>& k, State& state) {
            run_rule(rule_of<D, Rule>(e), k, state.template as<Typed>());
          },
          [](const Event& e, const std::function<void(const Call<D>&)>& use) {
            const Rule rule = rule_of<D, Rule>(e);
            use(call_of<D>(rule));
          }};
}

// --- domains that merge -----------------------------------------------------------------------

// One call in a domain whose values are no numbers.
template <class D, class State>
class MergedCall {
 public:
  virtual ~MergedCall() = default;
  // Whether the call can be made in this state: handles exist, and what is_callable() asks.
  virtual Flag<D> is_possible(const State& state) const = 0;
  virtual void apply(Step<D>& k, State& state) const = 0;
  virtual Call<D> view() const = 0;
};

// Gives one value argument its value: its leaf, its position and its name ("features[1]").
template <class D>
using FillArgument =
    std::function<void(typename D::Leaf leaf, unsigned position, const std::string& name)>;

template <class D, class State>
using MakeCall = std::unique_ptr<MergedCall<D, State>> (*)(unsigned handle,
                                                           const FillArgument<D>& fill);

template <class D, class State, class Typed, class Rule>
class MergedCallOf final : public MergedCall<D, State> {
 public:
  MergedCallOf(unsigned handle, const FillArgument<D>& fill) {
    unsigned position = 0;
    named_leaves(
        "",
        [&]<class Leaf>(const std::string& name, Leaf& leaf) {
          if constexpr (HandleArgument<Leaf>) leaf.index = handle;
          else fill(D::leaf(leaf), position++, name);
        },
        rule_);
  }
  Flag<D> is_possible(const State& state) const override {
    const Typed& typed = state.template as<Typed>();
    return handles_exist(rule_, typed) && is_callable(rule_, typed);
  }
  void apply(Step<D>& k, State& state) const override {
    run_rule(rule_, k, state.template as<Typed>());
  }
  Call<D> view() const override { return call_of<D>(rule_); }

 private:
  Rule rule_{};
};

template <class D, class State, class Typed, class Rule>
std::unique_ptr<MergedCall<D, State>> make_call(unsigned handle, const FillArgument<D>& fill) {
  return std::make_unique<MergedCallOf<D, State, Typed, Rule>>(handle, fill);
}

// --- what is plain data -----------------------------------------------------------------------

// How traces show a rule. An event whose arguments have the names of its members need not say so:
// "spe_irq: cpu=cpu level=level".
template <class Rule>
const char* syntax_of() {
  if constexpr (requires { Rule::syntax; }) return Rule::syntax;
  else {
    static const std::string text = [] {
      std::string all = std::string(Rule::name) + ":";
      Rule rule{};
      each_member([&](const char* name, auto&) { all += std::string(" ") + name + "=" + name; },
                  rule);
      return all;
    }();
    return text.c_str();
  }
}

// Describes a rule of a domain with plain values (Concrete).
template <class Rule>
RuleInfo info_of() {
  // An argument that the field list leaves out would be read by the rule and told by nobody, one
  // too many would be written past an event's values.
  static_assert(complete<Rule>(), "a member is missing from fields()");
  static_assert(value_count<Rule>() <= Event::values_max, "an event has no room for the arguments");
  RuleInfo info{Rule::name, syntax_of<Rule>(), Rule::source, "", {}};
  if constexpr (requires { Rule::constants; }) info.constants = Rule::constants;
  if constexpr (requires { &Rule::makes; }) info.makes = &Rule::makes;
  if constexpr (requires { &Rule::applies; }) info.applies = &Rule::applies;
  info.creates = requires { Rule::creates_the_system; };
  Rule rule{};
  auto note = [&]<class Leaf>(const char* name, const Leaf& leaf, unsigned array) {
    if constexpr (HandleArgument<Leaf>) {
      info.handle = name;
      info.handle_dimension = static_cast<unsigned>(Leaf::dimension);
    } else {
      info.arguments.push_back({name, leaf_width<Leaf>(), std::is_same_v<Leaf, Number>,
                                std::is_same_v<Leaf, bool>, false, array, raw(leaf)});
    }
  };
  each_member(
      [&](const char* name, auto& value) {
        if constexpr (is_std_array<std::remove_cvref_t<decltype(value)>>::value)
          for (unsigned i = 0; i < value.size(); ++i) note(name, value[i], i);
        else note(name, value, 0);
      },
      rule);
  if constexpr (requires { Rule::answers; })
    for (unsigned i = 0; i < Rule::answers; ++i)
      info.arguments[info.arguments.size() - 1 - i].is_answer = true;
  return info;
}

}  // namespace assay

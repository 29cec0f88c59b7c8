// Properties of a step: what must be true of the state before an event, the event and the state
// after it. Where an invariant speaks of all states, these speak of all events of some kind:
// "hardware never clears S", "a refused call changes nothing". `assay prove` shows them for every
// state that satisfies the invariants.
#pragma once
#include <functional>
#include <type_traits>

#include "model/dispatch.hpp"
#include "spec/kvm/vm.hpp"

namespace assay {

// One step, as those see it who speak of steps of several rules. Which rule it was is asked with
// as<Rule>(), so a property is compiled once for each domain and not once for each rule.
template <class D>
struct Taken {
  const Vm<D>& before;
  const Call<D>& call;
  const Vm<D>& after;
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
  // The vCPU that the call names, by creation order; only for calls that name one.
  unsigned vcpu() const { return static_cast<unsigned>(call.vcpu); }
  bool names_vcpu() const { return call.vcpu >= 0; }
};

// Whether holds(before, after, index) is true of every entry of a table of the state. It must be
// true of entries that the step left alone: where the step has a journal, only the others are
// asked.
template <class D, class Tab, class F>
Flag<D> all_changed(const Taken<D>& t, const Tab& before, const Tab& after, F&& holds) {
  if constexpr (D::journals) {
    if (t.journal != nullptr) {
      Flag<D> every = true;
      for (const Journal::Entry& e : t.journal->entries())
        after.entry_at(e.place, [&](const auto& entry, std::size_t i) {
          every = every && holds(before[i], entry, i);
        });
      return every;
    }
  }
  return all<D>(after,
                [&](const auto& entry, std::size_t i) { return holds(before[i], entry, i); });
}

// Whether holds(entry, index) is true of the entry that a data value names, if there is such an
// entry. A blank entry must be neutral, as it is for any() and all().
template <class D, class Tab, class F>
Flag<D> of_entry(const Tab& table, const Word<D, 16>& index, F&& holds) {
  if constexpr (D::merges) {
    return all<D>(table, [&](const auto& entry, std::size_t i) {
      return index != Word<D, 16>(i) || holds(entry, i);
    });
  } else {
    const std::size_t i = raw(index);
    return !table.can_hold(i) || holds(table[i], i);
  }
}

// What one step keeps: say(name, holds, source) for each property that speaks of the call.
template <class D>
using SayProperty = std::function<void(const char* name, Flag<D> holds, const char* source)>;

// Every field of the two has the same value.
template <class D, class T>
Flag<D> is_same(const T& a, const T& b) {
  Flag<D> same = true;
  leaves(
      [&](const auto& x, const auto& y) {
        using Value = std::remove_cvref_t<decltype(plain(x))>;
        if constexpr (std::is_same_v<Value, Flag<D>>) same = same && iff(plain(x), plain(y));
        else same = same && Flag<D>(plain(x) == plain(y));
      },
      a, b);
  return same;
}

}  // namespace assay

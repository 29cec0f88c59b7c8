// Properties of a step: what must be true of the state before an event, the event and the state
// after it. Where an invariant speaks of all states, these speak of all events of some kind:
// "hardware never clears S", "a refused call changes nothing". `assay prove` shows them for every
// state that satisfies the invariants.
#pragma once
#include "spec/claims.hpp"

namespace assay {

// Whether holds(before, after, index) is true of every entry of a table of the state. It must be
// true of entries that the step left alone: where the step has a journal, only the others are
// asked.
template <class D, class State, class Tab, class F>
Flag<D> all_changed(const TakenOf<D, State>& t, const Tab& before, const Tab& after, F&& holds) {
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

// Every field of the two has the same value.
template <class D, class T>
Flag<D> is_same(const T& a, const T& b) {
  Flag<D> same = true;
  leaves([&](const auto& x, const auto& y) { same = same && is_same_value<D>(plain(x), plain(y)); },
         a, b);
  return same;
}

}  // namespace assay

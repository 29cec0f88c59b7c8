// Properties of a step: what must be true of the state before an event, the event and the state
// after it. Where an invariant speaks of all states, these speak of all events of some kind:
// "hardware never clears S", "a refused call changes nothing". `assay prove` shows them for every
// state that satisfies the invariants.
#pragma once
#include <functional>
#include <type_traits>

#include "model/fields.hpp"
#include "spec/kvm/vm.hpp"

namespace assay {

template <class D, class Call>
struct Taken {
  const Vm<D>& before;
  const Call& call;
  const Vm<D>& after;
  Flag<D> succeeds;   // no check refused the call
  Word<D, 8> answer;  // the errno otherwise
  const Profile& profile;
};

// What one step keeps: say(name, holds, source) for each property that speaks of the call.
template <class D>
using SayProperty = std::function<void(const char* name, Flag<D> holds, const char* source)>;

// Steps that the SPU makes by itself: indirect writes of its registers, and writes to memory.
template <class Call>
concept HardwareStep = requires {
  Call::by_hardware;
};

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

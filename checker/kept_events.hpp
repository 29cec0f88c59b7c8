// Events that kept every property in a state as it is.
//
// Whether a step keeps a property depends on the states before and after it and on its event. A
// vCPU that runs over and over makes the same call in the same state, so what is known of it need
// not be asked again: as long as no value of the state changes, an event that was asked once, and
// that changed nothing then, keeps what it kept.
#pragma once
#include <algorithm>
#include <array>

#include "model/event.hpp"

namespace assay::checker {

class KeptEvents {
 public:
  // Whether the event, with as many values as its rule has arguments, is known.
  bool has(const Event& e, std::size_t arguments) const {
    const Kept& k = kept_[slot_of(e, arguments)];
    return k.state == state_ && k.event.rule == e.rule && k.event.handle == e.handle &&
           k.event.answer == e.answer &&
           std::equal(e.value.begin(), e.value.begin() + arguments, k.event.value.begin());
  }
  void add(const Event& e, std::size_t arguments) {
    Kept& k = kept_[slot_of(e, arguments)];
    k.state = state_;
    k.event = e;
  }
  // The state is another: nothing is known of it.
  void forget() { ++state_; }

 private:
  struct Kept {
    u64 state = 0;  // in which it was asked, counted from 1
    Event event;
  };
  // Several vCPUs that run, and the reasons why they come back, in one cache of fixed size.
  static constexpr std::size_t size = 64;
  static std::size_t slot_of(const Event& e, std::size_t arguments) {
    u64 hash = u64{e.rule} << 32 ^ u64 { e.handle } << 16 ^ static_cast<u64>(e.answer);
    for (std::size_t i = 0; i < arguments; ++i) hash = hash * 0x9e3779b97f4a7c15ull ^ e.value[i];
    return (hash * 0x9e3779b97f4a7c15ull) >> 58;
  }
  static_assert(size == std::size_t{1} << (64 - 58));

  std::array<Kept, size> kept_;
  u64 state_ = 1;
};

}  // namespace assay::checker

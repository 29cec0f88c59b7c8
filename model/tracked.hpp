// The Tracked domain: every value knows which parts of the state it was computed from.
//
// It answers "because": when a check decides, its condition carries the state leaves that made it
// so. Conjunctions that are false keep only the side that is false, disjunctions that are true
// only the side that is true: the reasons of an answer, not everything that was looked at.
#pragma once
#include <algorithm>

#include "model/step.hpp"

namespace assay {

// A small set of leaf numbers. When it overflows, the rest is only known to exist.
class Causes {
 public:
  static constexpr unsigned causes_max = 8;
  constexpr Causes() = default;
  constexpr explicit Causes(u32 leaf) : count_(1) { leaf_[0] = leaf; }
  constexpr void add(const Causes& other) {
    overflow_ = overflow_ || other.overflow_;
    for (unsigned i = 0; i < other.count_; ++i) add_one(other.leaf_[i]);
  }
  constexpr unsigned size() const { return count_; }
  constexpr u32 operator[](unsigned i) const { return leaf_[i]; }
  constexpr bool overflow() const { return overflow_; }
  friend constexpr Causes operator+(Causes a, const Causes& b) {
    a.add(b);
    return a;
  }

 private:
  constexpr void add_one(u32 leaf) {
    for (unsigned i = 0; i < count_; ++i)
      if (leaf_[i] == leaf) return;
    if (count_ == causes_max) overflow_ = true;
    else leaf_[count_++] = leaf;
  }
  std::array<u32, causes_max> leaf_{};
  unsigned count_ = 0;
  bool overflow_ = false;
};

struct TrackedFlag {
  bool value = false;
  Causes from{};
  constexpr TrackedFlag() = default;
  constexpr TrackedFlag(bool b) : value(b) {}
  constexpr TrackedFlag(bool b, Causes c) : value(b), from(c) {}
  friend constexpr TrackedFlag operator!(const TrackedFlag& a) { return {!a.value, a.from}; }
  friend constexpr TrackedFlag operator&&(const TrackedFlag& a, const TrackedFlag& b) {
    if (a.value && b.value) return {true, a.from + b.from};
    return {false, !a.value ? a.from : b.from};
  }
  friend constexpr TrackedFlag operator||(const TrackedFlag& a, const TrackedFlag& b) {
    if (!a.value && !b.value) return {false, a.from + b.from};
    return {true, a.value ? a.from : b.from};
  }
};

template <unsigned N>
struct TrackedWord {
  static constexpr u64 mask = Bits<N>::mask;
  static constexpr unsigned width = N;
  Bits<N> value{};
  Causes from{};
  constexpr TrackedWord() = default;
  constexpr TrackedWord(u64 v) : value(v) {}
  constexpr TrackedWord(Bits<N> v, Causes c) : value(v), from(c) {}
  friend constexpr TrackedFlag operator==(const TrackedWord& a, const TrackedWord& b) {
    return {a.value == b.value, a.from + b.from};
  }
  friend constexpr TrackedFlag operator!=(const TrackedWord& a, const TrackedWord& b) {
    return {a.value != b.value, a.from + b.from};
  }
  friend constexpr TrackedFlag operator<(const TrackedWord& a, const TrackedWord& b) {
    return {a.value < b.value, a.from + b.from};
  }
  friend constexpr TrackedFlag operator<=(const TrackedWord& a, const TrackedWord& b) {
    return {a.value <= b.value, a.from + b.from};
  }
  friend constexpr TrackedFlag operator>(const TrackedWord& a, const TrackedWord& b) {
    return {a.value > b.value, a.from + b.from};
  }
  friend constexpr TrackedFlag operator>=(const TrackedWord& a, const TrackedWord& b) {
    return {a.value >= b.value, a.from + b.from};
  }
  friend constexpr TrackedWord operator+(const TrackedWord& a, const TrackedWord& b) {
    return {a.value + b.value, a.from + b.from};
  }
  friend constexpr TrackedWord operator-(const TrackedWord& a, const TrackedWord& b) {
    return {a.value - b.value, a.from + b.from};
  }
  friend constexpr TrackedWord operator&(const TrackedWord& a, const TrackedWord& b) {
    return {a.value & b.value, a.from + b.from};
  }
  friend constexpr TrackedWord operator|(const TrackedWord& a, const TrackedWord& b) {
    return {a.value | b.value, a.from + b.from};
  }
  friend constexpr TrackedWord operator^(const TrackedWord& a, const TrackedWord& b) {
    return {a.value ^ b.value, a.from + b.from};
  }
  friend constexpr TrackedWord operator~(const TrackedWord& a) { return {~a.value, a.from}; }
};

struct TrackedNumber {
  Number value{};
  Causes from{};
  constexpr TrackedNumber() = default;
  constexpr TrackedNumber(u64 v) : value(v) {}
  constexpr TrackedNumber(Number v, Causes c) : value(v), from(c) {}
  friend constexpr TrackedFlag operator==(const TrackedNumber& a, const TrackedNumber& b) {
    return {a.value == b.value, a.from + b.from};
  }
  friend constexpr TrackedFlag operator!=(const TrackedNumber& a, const TrackedNumber& b) {
    return {a.value != b.value, a.from + b.from};
  }
  friend constexpr TrackedFlag operator<(const TrackedNumber& a, const TrackedNumber& b) {
    return {a.value < b.value, a.from + b.from};
  }
  friend constexpr TrackedFlag operator<=(const TrackedNumber& a, const TrackedNumber& b) {
    return {a.value <= b.value, a.from + b.from};
  }
  friend constexpr TrackedFlag operator>(const TrackedNumber& a, const TrackedNumber& b) {
    return {a.value > b.value, a.from + b.from};
  }
  friend constexpr TrackedFlag operator>=(const TrackedNumber& a, const TrackedNumber& b) {
    return {a.value >= b.value, a.from + b.from};
  }
  friend constexpr TrackedNumber operator+(const TrackedNumber& a, const TrackedNumber& b) {
    return {a.value + b.value, a.from + b.from};
  }
  friend constexpr TrackedNumber operator*(const TrackedNumber& a, u64 k) {
    return {a.value * k, a.from};
  }
  friend constexpr TrackedNumber operator/(const TrackedNumber& a, u64 k) {
    return {a.value / k, a.from};
  }
  friend constexpr TrackedFlag is_multiple_of(const TrackedNumber& a, u64 k) {
    return {is_multiple_of(a.value, k), a.from};
  }
};

// The condition counts as a reason too: it decided which value was taken.
constexpr TrackedFlag ite(const TrackedFlag& c, const TrackedFlag& a, const TrackedFlag& b) {
  const TrackedFlag& taken = c.value ? a : b;
  return {taken.value, c.from + taken.from};
}
template <unsigned N>
constexpr TrackedWord<N> ite(const TrackedFlag& c, const TrackedWord<N>& a,
                             const std::type_identity_t<TrackedWord<N>>& b) {
  const TrackedWord<N>& taken = c.value ? a : b;
  return {taken.value, c.from + taken.from};
}
constexpr TrackedNumber ite(const TrackedFlag& c, const TrackedNumber& a, const TrackedNumber& b) {
  const TrackedNumber& taken = c.value ? a : b;
  return {taken.value, c.from + taken.from};
}
constexpr TrackedFlag iff(const TrackedFlag& a, const TrackedFlag& b) {
  return {a.value == b.value, a.from + b.from};
}
template <unsigned M, unsigned N>
constexpr TrackedWord<M> zero_extend(const TrackedWord<N>& w) {
  return {zero_extend<M>(w.value), w.from};
}
template <unsigned M, unsigned N>
constexpr TrackedWord<M> truncate(const TrackedWord<N>& w) {
  return {truncate<M>(w.value), w.from};
}
template <unsigned M, unsigned N>
constexpr TrackedWord<M> field_bits(const TrackedWord<N>& w, unsigned low) {
  return {field_bits<M>(w.value, low), w.from};
}
template <unsigned N>
constexpr TrackedFlag bit(const TrackedWord<N>& w, unsigned n) {
  return {bit(w.value, n), w.from};
}
template <unsigned N>
constexpr TrackedNumber power_of_two(const TrackedWord<N>& w) {
  return {power_of_two(w.value), w.from};
}
template <unsigned N>
constexpr TrackedNumber to_number(const TrackedWord<N>& w) {
  return {to_number(w.value), w.from};
}

struct Tracked {
  static constexpr bool bounded = false;
  static constexpr bool merges = false;
  static constexpr bool journals = false;
  static constexpr bool collects = true;
  using Flag = TrackedFlag;
  template <unsigned N>
  using Word = TrackedWord<N>;
  using Number = TrackedNumber;
  template <class T>
  using Cell = T;
};

inline u64 raw(const TrackedFlag& f) { return f.value; }
template <unsigned N>
u64 raw(const TrackedWord<N>& w) {
  return w.value.value();
}
inline u64 raw(const TrackedNumber& n) { return n.value.value(); }
inline void store(TrackedFlag& leaf, u64 v) { store(leaf.value, v); }
template <unsigned N>
void store(TrackedWord<N>& leaf, u64 v) {
  store(leaf.value, v);
}
inline void store(TrackedNumber& leaf, u64 v) { store(leaf.value, v); }

// A copy of a state in which every leaf knows its own number: its position in leaves().
template <class T, class State>
T tracked_copy(const State& state) {
  T copy{};
  u32 number = 0;
  leaves(
      [&](auto& leaf, const auto& from) {
        store(leaf, raw(from));
        leaf.from = Causes(number++);
      },
      copy, state);
  return copy;
}

}  // namespace assay

// A Lanes domain, as a test that the rule text allows one: eight states side by side, each flag a
// mask, each word a vector. Exploration will bring a tuned one; not a rule needs to change for it.
#pragma once
#include <array>

#include "model/step.hpp"

namespace assay {

inline constexpr unsigned lane_count = 8;

struct LaneFlag {
  std::array<bool, lane_count> v{};
  LaneFlag() = default;
  LaneFlag(bool b) { v.fill(b); }
  friend LaneFlag operator!(LaneFlag a) {
    for (bool& b : a.v) b = !b;
    return a;
  }
  friend LaneFlag operator&&(LaneFlag a, const LaneFlag& b) {
    for (unsigned i = 0; i < lane_count; ++i) a.v[i] = a.v[i] && b.v[i];
    return a;
  }
  friend LaneFlag operator||(LaneFlag a, const LaneFlag& b) {
    for (unsigned i = 0; i < lane_count; ++i) a.v[i] = a.v[i] || b.v[i];
    return a;
  }
};

template <class Lane, class F>
LaneFlag lanewise(const Lane& a, const Lane& b, F&& f) {
  LaneFlag out;
  for (unsigned i = 0; i < lane_count; ++i) out.v[i] = f(a.v[i], b.v[i]);
  return out;
}

template <unsigned N>
struct LaneWord {
  static constexpr u64 mask = Bits<N>::mask;
  std::array<Bits<N>, lane_count> v{};
  LaneWord() = default;
  LaneWord(u64 x) { v.fill(Bits<N>(x)); }
  template <class F>
  static LaneWord each(const LaneWord& a, const LaneWord& b, F&& f) {
    LaneWord out;
    for (unsigned i = 0; i < lane_count; ++i) out.v[i] = f(a.v[i], b.v[i]);
    return out;
  }
  friend LaneFlag operator==(const LaneWord& a, const LaneWord& b) {
    return lanewise(a, b, [](auto x, auto y) { return x == y; });
  }
  friend LaneFlag operator!=(const LaneWord& a, const LaneWord& b) { return !(a == b); }
  friend LaneFlag operator<(const LaneWord& a, const LaneWord& b) {
    return lanewise(a, b, [](auto x, auto y) { return x < y; });
  }
  friend LaneFlag operator<=(const LaneWord& a, const LaneWord& b) { return !(b < a); }
  friend LaneFlag operator>(const LaneWord& a, const LaneWord& b) { return b < a; }
  friend LaneFlag operator>=(const LaneWord& a, const LaneWord& b) { return !(a < b); }
  friend LaneWord operator+(const LaneWord& a, const LaneWord& b) {
    return each(a, b, [](auto x, auto y) { return x + y; });
  }
  friend LaneWord operator-(const LaneWord& a, const LaneWord& b) {
    return each(a, b, [](auto x, auto y) { return x - y; });
  }
  friend LaneWord operator&(const LaneWord& a, const LaneWord& b) {
    return each(a, b, [](auto x, auto y) { return x & y; });
  }
  friend LaneWord operator|(const LaneWord& a, const LaneWord& b) {
    return each(a, b, [](auto x, auto y) { return x | y; });
  }
  friend LaneWord operator~(const LaneWord& a) {
    return each(a, a, [](auto x, auto) { return ~x; });
  }
};

struct LaneNumber {
  std::array<Number, lane_count> v{};
  LaneNumber() = default;
  LaneNumber(u64 x) { v.fill(Number(x)); }
  friend LaneFlag operator==(const LaneNumber& a, const LaneNumber& b) {
    return lanewise(a, b, [](auto x, auto y) { return x == y; });
  }
  friend LaneFlag operator!=(const LaneNumber& a, const LaneNumber& b) { return !(a == b); }
  friend LaneFlag operator<(const LaneNumber& a, const LaneNumber& b) {
    return lanewise(a, b, [](auto x, auto y) { return x < y; });
  }
  friend LaneFlag operator<=(const LaneNumber& a, const LaneNumber& b) { return !(b < a); }
  friend LaneFlag operator>(const LaneNumber& a, const LaneNumber& b) { return b < a; }
  friend LaneFlag operator>=(const LaneNumber& a, const LaneNumber& b) { return !(a < b); }
  friend LaneNumber operator+(LaneNumber a, const LaneNumber& b) {
    for (unsigned i = 0; i < lane_count; ++i) a.v[i] = a.v[i] + b.v[i];
    return a;
  }
};

inline LaneFlag ite(const LaneFlag& c, const LaneFlag& a, const LaneFlag& b) {
  return (c && a) || (!c && b);
}
template <unsigned N>
LaneWord<N> ite(const LaneFlag& c, const LaneWord<N>& a,
                const std::type_identity_t<LaneWord<N>>& b) {
  LaneWord<N> out;
  for (unsigned i = 0; i < lane_count; ++i) out.v[i] = c.v[i] ? a.v[i] : b.v[i];
  return out;
}
inline LaneNumber ite(const LaneFlag& c, const LaneNumber& a, const LaneNumber& b) {
  LaneNumber out;
  for (unsigned i = 0; i < lane_count; ++i) out.v[i] = c.v[i] ? a.v[i] : b.v[i];
  return out;
}
inline LaneFlag iff(const LaneFlag& a, const LaneFlag& b) { return (a && b) || (!a && !b); }
template <unsigned M, unsigned N>
LaneWord<M> zero_extend(const LaneWord<N>& w) {
  LaneWord<M> out;
  for (unsigned i = 0; i < lane_count; ++i) out.v[i] = zero_extend<M>(w.v[i]);
  return out;
}
template <unsigned M, unsigned N>
LaneWord<M> truncate(const LaneWord<N>& w) {
  LaneWord<M> out;
  for (unsigned i = 0; i < lane_count; ++i) out.v[i] = truncate<M>(w.v[i]);
  return out;
}
template <unsigned N>
LaneFlag bit(const LaneWord<N>& w, unsigned n) {
  LaneFlag out;
  for (unsigned i = 0; i < lane_count; ++i) out.v[i] = bit(w.v[i], n);
  return out;
}

template <Shape S>
struct LanesIn {
  static constexpr Shape shape = S;
  static constexpr bool merges = true;  // lanes disagree, so guards become blends
  static constexpr bool journals = false;
  static constexpr bool collects = false;
  using Flag = LaneFlag;
  template <unsigned N>
  using Word = LaneWord<N>;
  using Number = LaneNumber;
  template <class T>
  using Cell = T;
};

}  // namespace assay

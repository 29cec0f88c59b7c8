// A Lanes domain, as a test that the rule text allows one: eight states side by side, each flag a
// mask, each word a vector. Exploration will bring a tuned one; not a rule needs to change for it.
#pragma once
#include <array>
#include <functional>

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
  friend LaneWord operator^(const LaneWord& a, const LaneWord& b) {
    return each(a, b, [](auto x, auto y) { return x ^ y; });
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
  friend LaneNumber operator*(LaneNumber a, u64 k) {
    for (Number& n : a.v) n = n * k;
    return a;
  }
  friend LaneNumber operator/(LaneNumber a, u64 k) {
    for (Number& n : a.v) n = n / k;
    return a;
  }
  friend LaneFlag is_multiple_of(const LaneNumber& a, u64 k) {
    return lanewise(a, a, [&](auto x, auto) { return is_multiple_of(x, k); });
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

template <unsigned M, unsigned N>
LaneWord<M> field_bits(const LaneWord<N>& w, unsigned low) {
  LaneWord<M> out;
  for (unsigned i = 0; i < lane_count; ++i) out.v[i] = field_bits<M>(w.v[i], low);
  return out;
}
template <unsigned N>
LaneNumber power_of_two(const LaneWord<N>& w) {
  LaneNumber out;
  for (unsigned i = 0; i < lane_count; ++i) out.v[i] = power_of_two(w.v[i]);
  return out;
}
template <unsigned N>
LaneNumber to_number(const LaneWord<N>& w) {
  LaneNumber out;
  for (unsigned i = 0; i < lane_count; ++i) out.v[i] = to_number(w.v[i]);
  return out;
}

// One leaf, lane by lane.
inline u64 lane_value(const LaneFlag& f, unsigned lane) { return f.v[lane]; }
template <unsigned N>
u64 lane_value(const LaneWord<N>& w, unsigned lane) {
  return w.v[lane].value();
}
inline u64 lane_value(const LaneNumber& n, unsigned lane) { return n.v[lane].value(); }
inline void set_lane(LaneFlag& f, unsigned lane, u64 v) { store(f.v[lane], v); }
template <unsigned N>
void set_lane(LaneWord<N>& w, unsigned lane, u64 v) {
  store(w.v[lane], v);
}
inline void set_lane(LaneNumber& n, unsigned lane, u64 v) { store(n.v[lane], v); }

struct Lanes {
  static constexpr bool bounded = true;
  static constexpr bool merges = true;  // lanes disagree, so guards become blends
  static constexpr bool journals = false;
  static constexpr bool collects = false;
  using Flag = LaneFlag;
  template <unsigned N>
  using Word = LaneWord<N>;
  using Number = LaneNumber;
  template <class T>
  using Cell = T;
  // A leaf whose type is hidden: sets one lane of it.
  using Leaf = std::function<void(unsigned lane, u64 v)>;
  template <class L>
  static Leaf leaf(L& l) {
    return [&l](unsigned lane, u64 v) { set_lane(l, lane, v); };
  }
};

}  // namespace assay

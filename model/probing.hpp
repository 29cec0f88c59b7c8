// The Probing domain: values that know which argument they were computed from, and tell with what
// they were compared.
//
// One evaluation on a state says, for every check, on which arguments it depends, and for every
// argument the values at which some comparison tips over: the edges of the guards, solved for the
// argument. (A namespace of its own: raw() and store() must not hide the plain ones.) It is
// concolic: sums and extensions are undone with the other operand's present value.
#pragma once
#include "model/step.hpp"

namespace assay::probing {

// Argument `argument`'s bits [low + width - 1 : low] would make a comparison an equality if they
// were `part`.
struct Edge {
  std::uint8_t argument;
  std::uint8_t low;
  std::uint8_t width;
  u64 part;
  bool operator==(const Edge&) const = default;
};

// Where edges go while a rule runs; null: nowhere.
inline thread_local std::vector<Edge>* edge_log = nullptr;

// value = ((argument >> low) & ones(width)) * 2^scale + add, for one argument.
struct Origin {
  std::uint8_t argument = 0;  // position + 1; 0: no argument, or a relation not worth undoing
  std::uint8_t low = 0;
  std::uint8_t width = 64;
  std::int8_t scale = 0;
  u64 add = 0;

  void log(u64 value) const {
    if (argument == 0 || edge_log == nullptr) return;
    u64 part = value - add;
    part = scale >= 0 ? part >> scale : part << -scale;
    if (width < 64) part &= (u64{1} << width) - 1;
    edge_log->push_back({static_cast<std::uint8_t>(argument - 1), low, width, part});
  }
  Origin plus(u64 n) const {
    Origin o = *this;
    o.add += n;
    return o;
  }
  Origin scaled(u64 factor, bool divide) const {
    if (argument == 0 || add != 0 || (factor & (factor - 1)) != 0 || factor == 0) return {};
    const int by = __builtin_ctzll(factor);
    Origin o = *this;
    o.scale = static_cast<std::int8_t>(o.scale + (divide ? -by : by));
    return o;
  }
};

using Arguments = u32;  // a set of arguments: bit i is argument i
// Also in these sets: the value is, or comes from, the state.
inline constexpr Arguments of_state = Arguments{1} << 31;

struct ProbedFlag {
  bool value = false;
  Arguments from = 0;
  Origin origin{};  // only of flags that are arguments
  constexpr ProbedFlag() = default;
  constexpr ProbedFlag(bool b) : value(b) {}
  constexpr ProbedFlag(bool b, Arguments f) : value(b), from(f) {}
  friend constexpr ProbedFlag operator!(const ProbedFlag& a) { return {!a.value, a.from}; }
  friend constexpr ProbedFlag operator&&(const ProbedFlag& a, const ProbedFlag& b) {
    return {a.value && b.value, a.from | b.from};
  }
  friend constexpr ProbedFlag operator||(const ProbedFlag& a, const ProbedFlag& b) {
    return {a.value || b.value, a.from | b.from};
  }
};

// A literal with which a part of the state is compared counts too: an argument may become that
// part.
inline constexpr std::uint8_t no_argument = 0xff;
template <class V>
void log_comparison(const V& a, const V& b) {
  a.origin.log(b.number());
  b.origin.log(a.number());
  if (edge_log == nullptr) return;
  if (a.from == of_state && b.from == 0)
    edge_log->push_back({no_argument, 0, V::width, b.number()});
  if (b.from == of_state && a.from == 0)
    edge_log->push_back({no_argument, 0, V::width, a.number()});
}

#define ASSAY_PROBED_COMPARISONS(Type)                                             \
  friend ProbedFlag operator==(const Type& a, const Type& b) {                     \
    return log_comparison(a, b), ProbedFlag{a.value == b.value, a.from | b.from};  \
  }                                                                                \
  friend ProbedFlag operator!=(const Type& a, const Type& b) { return !(a == b); } \
  friend ProbedFlag operator<(const Type& a, const Type& b) {                      \
    return log_comparison(a, b), ProbedFlag{a.value < b.value, a.from | b.from};   \
  }                                                                                \
  friend ProbedFlag operator<=(const Type& a, const Type& b) { return !(b < a); }  \
  friend ProbedFlag operator>(const Type& a, const Type& b) { return b < a; }      \
  friend ProbedFlag operator>=(const Type& a, const Type& b) { return !(a < b); }

template <unsigned N>
struct ProbedWord {
  static constexpr u64 mask = Bits<N>::mask;
  static constexpr unsigned width = N;
  Bits<N> value{};
  Arguments from = 0;
  Origin origin{};
  constexpr ProbedWord() = default;
  constexpr ProbedWord(u64 v) : value(v) {}
  constexpr ProbedWord(Bits<N> v, Arguments f, Origin o) : value(v), from(f), origin(o) {}
  constexpr u64 number() const { return value.value(); }
  ASSAY_PROBED_COMPARISONS(ProbedWord)
  friend ProbedWord operator+(const ProbedWord& a, const ProbedWord& b) {
    const Origin o = a.origin.argument != 0 ? a.origin.plus(b.number()) : b.origin.plus(a.number());
    return {a.value + b.value, a.from | b.from, o};
  }
  friend ProbedWord operator-(const ProbedWord& a, const ProbedWord& b) {
    return {a.value - b.value, a.from | b.from, a.origin.plus(0 - b.number())};
  }
  // A mask names the bits that matter: its lowest and highest and the one below it.
  friend ProbedWord operator&(const ProbedWord& a, const ProbedWord& b) {
    for (u64 m : {b.number(), ~b.number() & mask}) {
      if (m == 0) continue;
      a.origin.log(m & (0 - m));
      a.origin.log(u64{1} << (63 - __builtin_clzll(m)));
    }
    return {a.value & b.value, a.from | b.from, {}};
  }
  friend ProbedWord operator|(const ProbedWord& a, const ProbedWord& b) {
    return {a.value | b.value, a.from | b.from, {}};
  }
  friend ProbedWord operator^(const ProbedWord& a, const ProbedWord& b) {
    return {a.value ^ b.value, a.from | b.from, {}};
  }
  friend ProbedWord operator~(const ProbedWord& a) { return {~a.value, a.from, {}}; }
};

struct ProbedNumber {
  static constexpr unsigned width = 64;
  Number value{};
  Arguments from = 0;
  Origin origin{};
  constexpr ProbedNumber() = default;
  constexpr ProbedNumber(u64 v) : value(v) {}
  constexpr ProbedNumber(Number v, Arguments f, Origin o) : value(v), from(f), origin(o) {}
  constexpr u64 number() const { return value.value(); }
  ASSAY_PROBED_COMPARISONS(ProbedNumber)
  friend ProbedNumber operator+(const ProbedNumber& a, const ProbedNumber& b) {
    const Origin o = a.origin.argument != 0 ? a.origin.plus(b.number()) : b.origin.plus(a.number());
    return {a.value + b.value, a.from | b.from, o};
  }
  friend ProbedNumber operator*(const ProbedNumber& a, u64 k) {
    return {a.value * k, a.from, a.origin.scaled(k, false)};
  }
  friend ProbedNumber operator/(const ProbedNumber& a, u64 k) {
    return {a.value / k, a.from, a.origin.scaled(k, true)};
  }
  friend ProbedFlag is_multiple_of(const ProbedNumber& a, u64 k) {
    a.origin.log(a.number() / k * k);
    return {is_multiple_of(a.value, k), a.from};
  }
};
#undef ASSAY_PROBED_COMPARISONS

inline ProbedFlag ite(const ProbedFlag& c, const ProbedFlag& a, const ProbedFlag& b) {
  return {c.value ? a.value : b.value, c.from | a.from | b.from};
}
template <unsigned N>
ProbedWord<N> ite(const ProbedFlag& c, const ProbedWord<N>& a,
                  const std::type_identity_t<ProbedWord<N>>& b) {
  const ProbedWord<N>& taken = c.value ? a : b;
  return {taken.value, c.from | a.from | b.from, taken.origin};
}
inline ProbedNumber ite(const ProbedFlag& c, const ProbedNumber& a, const ProbedNumber& b) {
  const ProbedNumber& taken = c.value ? a : b;
  return {taken.value, c.from | a.from | b.from, taken.origin};
}
inline ProbedFlag iff(const ProbedFlag& a, const ProbedFlag& b) {
  return {a.value == b.value, a.from | b.from};
}
template <unsigned M, unsigned N>
ProbedWord<M> zero_extend(const ProbedWord<N>& w) {
  return {zero_extend<M>(w.value), w.from, w.origin};
}
template <unsigned M, unsigned N>
ProbedWord<M> field_bits(const ProbedWord<N>& w, unsigned low) {
  Origin o;
  if (w.origin.argument != 0 && w.origin.scale == 0 && w.origin.add == 0) {
    o = w.origin;
    o.low = static_cast<std::uint8_t>(o.low + low);
    o.width = static_cast<std::uint8_t>(M < o.width ? M : o.width);
  }
  return {field_bits<M>(w.value, low), w.from, o};
}
template <unsigned M, unsigned N>
ProbedWord<M> truncate(const ProbedWord<N>& w) {
  return field_bits<M>(w, 0);
}
template <unsigned N>
ProbedFlag bit(const ProbedWord<N>& w, unsigned n) {
  w.origin.log(u64{1} << n);
  return {bit(w.value, n), w.from};
}
template <unsigned N>
ProbedNumber power_of_two(const ProbedWord<N>& w) {
  return {power_of_two(w.value), w.from, {}};
}
template <unsigned N>
ProbedNumber to_number(const ProbedWord<N>& w) {
  return {to_number(w.value), w.from, w.origin};
}

struct Probing {
  static constexpr bool bounded = false;
  static constexpr bool merges = false;
  static constexpr bool journals = false;
  static constexpr bool collects = true;
  using Flag = ProbedFlag;
  template <unsigned N>
  using Word = ProbedWord<N>;
  using Number = ProbedNumber;
  template <class T>
  using Cell = T;

  // Makes a leaf of a rule record know that it is argument `position`.
  template <class Leaf>
  static void mark_argument(Leaf& leaf, unsigned position) {
    leaf.from = Arguments{1} << position;
    leaf.origin.argument = static_cast<std::uint8_t>(position + 1);
    if constexpr (requires { Leaf::width; }) leaf.origin.width = Leaf::width;
  }
};

inline u64 raw(const ProbedFlag& f) { return f.value; }
template <unsigned N>
u64 raw(const ProbedWord<N>& w) {
  return w.number();
}
inline u64 raw(const ProbedNumber& n) { return n.number(); }
inline void store(ProbedFlag& leaf, u64 v) { leaf.value = (v & 1) != 0; }
template <unsigned N>
void store(ProbedWord<N>& leaf, u64 v) {
  store(leaf.value, v);
  leaf.from = of_state;
}
inline void store(ProbedNumber& leaf, u64 v) {
  store(leaf.value, v);
  leaf.from = of_state;
}

}  // namespace assay::probing

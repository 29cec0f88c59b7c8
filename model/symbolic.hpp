// The Symbolic domain: flags are Z3 Booleans, words bit-vectors, numbers integers.
//
// Constants fold at construction, so a rule instantiated at fixed indices builds only what depends
// on the state, and equal expressions are one object (hash-consing): "this conjunct is untouched
// by that rule" is a pointer comparison.
#pragma once
#include <z3++.h>

#include <optional>
#include <stdexcept>

#include "model/dispatch.hpp"

namespace assay {

// The context in use by this thread, if a FreshContext is alive.
inline z3::context*& innermost_context() {
  static thread_local z3::context* context = nullptr;
  return context;
}

// One Z3 context per thread: contexts are not thread-safe, and every expression needs one.
inline z3::context& z3_context() {
  if (innermost_context() != nullptr) return *innermost_context();
  static thread_local z3::context context;
  return context;
}

// A context of its own for one task. Z3's answers depend on what a context did before; with
// this they depend on the task alone, not on which thread ran it. No expression may outlive it.
class FreshContext {
 public:
  FreshContext() : outer_(innermost_context()) { innermost_context() = &context_; }
  ~FreshContext() { innermost_context() = outer_; }
  FreshContext(const FreshContext&) = delete;
  FreshContext& operator=(const FreshContext&) = delete;

 private:
  z3::context context_;
  z3::context* outer_;
};

class SymFlag {
 public:
  z3::expr e;
  SymFlag() : SymFlag(false) {}
  SymFlag(bool b) : e(z3_context().bool_val(b)) {}
  explicit SymFlag(z3::expr x) : e(std::move(x)) {}

  friend SymFlag operator!(const SymFlag& a) {
    if (a.e.is_true()) return false;
    if (a.e.is_false()) return true;
    if (a.e.is_not()) return SymFlag(a.e.arg(0));
    return SymFlag(!a.e);
  }
  friend SymFlag operator&&(const SymFlag& a, const SymFlag& b) {
    if (a.e.is_false() || b.e.is_true() || z3::eq(a.e, b.e)) return a;
    if (b.e.is_false() || a.e.is_true()) return b;
    return SymFlag(a.e && b.e);
  }
  friend SymFlag operator||(const SymFlag& a, const SymFlag& b) {
    if (a.e.is_true() || b.e.is_false() || z3::eq(a.e, b.e)) return a;
    if (b.e.is_true() || a.e.is_false()) return b;
    return SymFlag(a.e || b.e);
  }
};

inline SymFlag sym_equal(const z3::expr& a, const z3::expr& b) {
  if (z3::eq(a, b)) return true;
  if (a.is_numeral() && b.is_numeral()) return false;  // hash-consed: equal values are one object
  return SymFlag(a == b);
}
// Folds a comparison of two numerals; otherwise the term itself.
inline SymFlag sym_compare(const z3::expr& a, const z3::expr& b, const z3::expr& term) {
  if (a.is_numeral() && b.is_numeral()) return SymFlag(term.simplify());
  return SymFlag(term);
}

template <unsigned N>
class SymWord {
 public:
  static constexpr u64 mask = Bits<N>::mask;
  static constexpr unsigned width = N;
  z3::expr e;
  SymWord() : SymWord(0) {}
  SymWord(u64 v) : e(z3_context().bv_val(static_cast<std::uint64_t>(fits(v, mask)), N)) {}
  explicit SymWord(z3::expr x) : e(std::move(x)) {}
  friend SymFlag operator==(const SymWord& a, const SymWord& b) { return sym_equal(a.e, b.e); }
  friend SymFlag operator!=(const SymWord& a, const SymWord& b) { return !(a == b); }
  friend SymFlag operator<(const SymWord& a, const SymWord& b) {
    return sym_compare(a.e, b.e, z3::ult(a.e, b.e));
  }
  friend SymFlag operator<=(const SymWord& a, const SymWord& b) {
    return sym_compare(a.e, b.e, z3::ule(a.e, b.e));
  }
  friend SymFlag operator>(const SymWord& a, const SymWord& b) { return b < a; }
  friend SymFlag operator>=(const SymWord& a, const SymWord& b) { return b <= a; }
  friend SymWord operator+(const SymWord& a, const SymWord& b) { return fold(a, b, a.e + b.e); }
  friend SymWord operator-(const SymWord& a, const SymWord& b) { return fold(a, b, a.e - b.e); }
  friend SymWord operator&(const SymWord& a, const SymWord& b) { return fold(a, b, a.e & b.e); }
  friend SymWord operator|(const SymWord& a, const SymWord& b) { return fold(a, b, a.e | b.e); }
  friend SymWord operator^(const SymWord& a, const SymWord& b) { return fold(a, b, a.e ^ b.e); }
  friend SymWord operator~(const SymWord& a) { return fold(a, a, ~a.e); }

 private:
  static SymWord fold(const SymWord& a, const SymWord& b, const z3::expr& term) {
    return SymWord(a.e.is_numeral() && b.e.is_numeral() ? term.simplify() : term);
  }
};

class SymNumber {
 public:
  z3::expr e;
  SymNumber() : SymNumber(0) {}
  SymNumber(u64 v) : e(z3_context().int_val(static_cast<std::uint64_t>(v))) {}
  explicit SymNumber(z3::expr x) : e(std::move(x)) {}
  friend SymFlag operator==(const SymNumber& a, const SymNumber& b) { return sym_equal(a.e, b.e); }
  friend SymFlag operator!=(const SymNumber& a, const SymNumber& b) { return !(a == b); }
  friend SymFlag operator<(const SymNumber& a, const SymNumber& b) {
    return sym_compare(a.e, b.e, a.e < b.e);
  }
  friend SymFlag operator<=(const SymNumber& a, const SymNumber& b) {
    return sym_compare(a.e, b.e, a.e <= b.e);
  }
  friend SymFlag operator>(const SymNumber& a, const SymNumber& b) { return b < a; }
  friend SymFlag operator>=(const SymNumber& a, const SymNumber& b) { return b <= a; }
  friend SymNumber operator+(const SymNumber& a, const SymNumber& b) {
    return fold(a, b, a.e + b.e);
  }
  friend SymNumber operator*(const SymNumber& a, u64 k) { return fold(a, a, a.e * literal(k)); }
  friend SymNumber operator/(const SymNumber& a, u64 k) {
    return fold(a, a, z3::expr(z3_context(), Z3_mk_div(z3_context(), a.e, literal(k))));
  }
  friend SymFlag is_multiple_of(const SymNumber& a, u64 k) {
    z3::expr rest = z3::mod(a.e, literal(k));
    z3::expr zero = literal(0);
    return sym_compare(a.e, zero, rest == zero);
  }

 private:
  static z3::expr literal(u64 k) { return z3_context().int_val(static_cast<std::uint64_t>(k)); }
  static SymNumber fold(const SymNumber& a, const SymNumber& b, const z3::expr& term) {
    return SymNumber(a.e.is_numeral() && b.e.is_numeral() ? term.simplify() : term);
  }
};

// --- operations that are functions ----------------------------------------------------------
inline SymFlag ite(const SymFlag& c, const SymFlag& a, const SymFlag& b) {
  if (c.e.is_true() || z3::eq(a.e, b.e)) return a;
  if (c.e.is_false()) return b;
  return (c && a) || (!c && b);
}
template <unsigned N>
SymWord<N> ite(const SymFlag& c, const SymWord<N>& a, const std::type_identity_t<SymWord<N>>& b) {
  if (c.e.is_true() || z3::eq(a.e, b.e)) return a;
  if (c.e.is_false()) return b;
  return SymWord<N>(z3::ite(c.e, a.e, b.e));
}
inline SymNumber ite(const SymFlag& c, const SymNumber& a, const SymNumber& b) {
  if (c.e.is_true() || z3::eq(a.e, b.e)) return a;
  if (c.e.is_false()) return b;
  return SymNumber(z3::ite(c.e, a.e, b.e));
}
inline SymFlag iff(const SymFlag& a, const SymFlag& b) {
  if (z3::eq(a.e, b.e)) return true;
  if (a.e.is_true()) return b;
  if (b.e.is_true()) return a;
  if (a.e.is_false()) return !b;
  if (b.e.is_false()) return !a;
  return SymFlag(a.e == b.e);
}
template <unsigned M, unsigned N>
SymWord<M> zero_extend(const SymWord<N>& w) {
  static_assert(M >= N);
  if constexpr (M == N) return SymWord<M>(w.e);
  else return SymWord<M>(w.e.is_numeral() ? z3::zext(w.e, M - N).simplify() : z3::zext(w.e, M - N));
}
template <unsigned M, unsigned N>
SymWord<M> field_bits(const SymWord<N>& w, unsigned low) {
  z3::expr part = w.e.extract(low + M - 1, low);
  return SymWord<M>(w.e.is_numeral() ? part.simplify() : part);
}
template <unsigned M, unsigned N>
SymWord<M> truncate(const SymWord<N>& w) {
  return field_bits<M>(w, 0);
}
template <unsigned N>
SymFlag bit(const SymWord<N>& w, unsigned n) {
  return field_bits<1>(w, n) == SymWord<1>(1);
}
template <unsigned N>
SymNumber power_of_two(const SymWord<N>& w) {
  z3::context& c = z3_context();
  auto power = [&](unsigned n) {
    return SymNumber(c.int_val(static_cast<std::uint64_t>(u64{1} << (n / 2))) *
                     c.int_val(static_cast<std::uint64_t>(u64{1} << (n - n / 2))));
  };
  SymNumber result(power(64).e.simplify());
  for (unsigned n = 0; n < 64; ++n)
    if (n <= SymWord<N>::mask)
      result = ite(w == SymWord<N>(n), SymNumber(power(n).e.simplify()), result);
  return result;
}
// As a sum of its bits, not as Z3's bv2int: solvers decide the sum by plain linear arithmetic,
// while cvc5 gives up on a 36-bit bv2nat.
template <unsigned N>
SymNumber to_number(const SymWord<N>& w) {
  z3::context& c = z3_context();
  if (w.e.is_numeral()) return SymNumber(z3::expr(c, Z3_mk_bv2int(c, w.e, false)).simplify());
  z3::expr_vector bits(c);
  for (unsigned i = 0; i < N; ++i)
    bits.push_back(z3::ite(w.e.extract(i, i) == c.bv_val(1, 1),
                           c.int_val(static_cast<std::uint64_t>(u64{1} << i)), c.int_val(0)));
  return SymNumber(z3::sum(bits));
}

// What one step leaves behind besides its result, for those who ask.
struct StepWatch {
  struct Mark {
    std::string id;
    u32 hash;
    Errno code;
    VerbKind kind;
    SymFlag before;  // rejecting verbs: no earlier check has fired; require: legal up to it
  };
  std::string prefix;              // of the names of choices
  const SymFlag* live = nullptr;   // the step's own "no check has fired"
  const SymFlag* legal = nullptr;  // the step's own conjunction of requires
  std::vector<Mark> marks;
  std::vector<z3::expr> choices;
};

// One leaf of a rule's record or of a state, whatever its kind.
struct SymLeaf {
  enum class Kind : std::uint8_t { flag, word, number };
  z3::expr& e;
  Kind kind;
  unsigned width;  // of a word

  // A constant of the leaf's sort.
  z3::expr constant(const std::string& name) const {
    z3::context& c = z3_context();
    if (kind == Kind::flag) return c.bool_const(name.c_str());
    return kind == Kind::word ? c.bv_const(name.c_str(), width) : c.int_const(name.c_str());
  }
  // What its sort does not say: integers stand for unsigned numbers of 64 bits.
  SymFlag is_in_range() const {
    if (kind != Kind::number) return true;
    const SymNumber n(e), half(u64{1} << 63);
    return SymNumber(0) <= n && n < half + half;
  }
  // The leaf's value for a number; bits beyond its width are cut off.
  z3::expr value(u64 v) const {
    z3::context& c = z3_context();
    if (kind == Kind::flag) return c.bool_val((v & 1) != 0);
    if (kind == Kind::number) return c.int_val(static_cast<std::uint64_t>(v));
    const u64 cut = width >= 64 ? v : v & ((u64{1} << width) - 1);
    return c.bv_val(static_cast<std::uint64_t>(cut), width);
  }
};

struct Symbolic {
  static constexpr bool bounded = true;
  static constexpr bool merges = true;
  static constexpr bool journals = false;
  static constexpr bool collects = false;
  static constexpr bool has_claims = true;
  using Flag = SymFlag;
  template <unsigned N>
  using Word = SymWord<N>;
  using Number = SymNumber;
  template <class T>
  using Cell = T;
  using Leaf = SymLeaf;

  static Leaf leaf(SymFlag& f) { return {f.e, Leaf::Kind::flag, 1}; }
  template <unsigned N>
  static Leaf leaf(SymWord<N>& w) {
    return {w.e, Leaf::Kind::word, N};
  }
  static Leaf leaf(SymNumber& n) { return {n.e, Leaf::Kind::number, 64}; }

  // The number that a word is, if it is a constant.
  template <unsigned N>
  static std::optional<u64> known(const SymWord<N>& w) {
    std::uint64_t v = 0;
    if (w.e.is_numeral_u64(v)) return v;
    return std::nullopt;
  }

  // Who wants to know of the step that is being executed; null: nobody.
  static inline thread_local StepWatch* watch = nullptr;

  // Under a watch the same question of the same step has the same name: a rule and its mutant then
  // share their choices, and results do not depend on what a thread did before.
  static SymFlag fresh_choice(const Why& why) {
    z3::context& c = z3_context();
    if (watch == nullptr) return SymFlag(z3::expr(c, Z3_mk_fresh_const(c, why.id, c.bool_sort())));
    const std::string name =
        watch->prefix + ".choice" + std::to_string(watch->choices.size()) + "." + why.id;
    watch->choices.push_back(c.bool_const(name.c_str()));
    return SymFlag(watch->choices.back());
  }
  static void on_check(const Why& why, Errno code, VerbKind kind) {
    if (watch == nullptr || kind == VerbKind::returns || kind == VerbKind::guard) return;
    const SymFlag& seen = kind == VerbKind::require ? *watch->legal : *watch->live;
    watch->marks.push_back({why.id, why.hash, code, kind, seen});
  }
};

// --- values in and out ------------------------------------------------------------------------
inline void lift_leaf(SymFlag& leaf, u64 v) { leaf = SymFlag((v & 1) != 0); }
template <unsigned N>
void lift_leaf(SymWord<N>& leaf, u64 v) {
  leaf = SymWord<N>(v & Bits<N>::mask);
}
inline void lift_leaf(SymNumber& leaf, u64 v) { leaf = SymNumber(v); }
// A state number may exceed 64 bits only as 2^64 itself; ipa sizes stay below.

// A concrete state as symbolic constants.
template <class T, class C>
T lift(const C& concrete) {
  T t{};
  leaves(
      [&]<class Leaf, class From>(Leaf& leaf, const From& from) {
        if constexpr (HandleArgument<Leaf>) leaf = from;
        else lift_leaf(leaf, raw(from));
      },
      t, concrete);
  return t;
}

// The number an expression has in a model; completes the model for what it leaves open.
inline u64 value_in(const z3::model& model, const z3::expr& e) {
  z3::expr v = model.eval(e, true);
  if (v.is_bool()) return v.is_true() ? 1 : 0;
  std::uint64_t number = 0;
  if (!v.is_numeral_u64(number))
    throw std::range_error("a value of the specification leaves 64 bits: " + v.to_string());
  return number;
}

// Reads a symbolic state or rule out of a model as its concrete counterpart.
template <class C, class T>
C decode(const z3::model& model, const T& symbolic) {
  C c{};
  leaves(
      [&]<class Leaf, class From>(Leaf& leaf, const From& from) {
        if constexpr (HandleArgument<Leaf>) leaf = from;
        else store(leaf, value_in(model, from.e));
      },
      c, symbolic);
  return c;
}

}  // namespace assay

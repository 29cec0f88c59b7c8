// The Partial domain: what is known is a plain value, what is not is a term (terms.hpp), leaf by
// leaf.
//
// A rule on known values does what it does in Concrete. Where a guard or a condition depends on an
// unknown value, both ways are merged, as in Symbolic. When the answer of a call is known, a check
// that would have given another answer did not hold, and that becomes a condition of the step
// instead of a second way (Step::conditions). So terms stay as small as what is unknown.
//
// A thread that uses the domain says in which Terms it builds: UseTerms.
#pragma once
#include <deque>
#include <map>

#include "model/dispatch.hpp"
#include "model/terms.hpp"

namespace assay {

inline PartialValue partial_apply(TermOp op, std::uint8_t width, const PartialValue& a,
                                  const PartialValue& b = {}, const PartialValue& c = {},
                                  u128 k = 0) {
  if (a.is_known() && b.is_known() && c.is_known())
    return {evaluate(op, width, a.known, b.known, c.known, k), 0, width, 0};
  return terms_in_use()->apply(op, width, a, b, c, k);
}

class PartialFlag : public PartialValue {
 public:
  PartialFlag() = default;
  PartialFlag(bool v) : PartialValue{v ? u128{1} : u128{0}, 0, flag_width, 0} {}
  explicit PartialFlag(const PartialValue& v) : PartialValue(v) {}
  bool is_true() const { return is_known() && known != 0; }
  bool is_false() const { return is_known() && known == 0; }

  friend PartialFlag operator!(const PartialFlag& a) {
    return PartialFlag(partial_apply(TermOp::negation, flag_width, a));
  }
  friend PartialFlag operator&&(const PartialFlag& a, const PartialFlag& b) {
    if (a.is_known()) return a.known != 0 ? b : a;
    return PartialFlag(partial_apply(TermOp::conjunction, flag_width, a, b));
  }
  friend PartialFlag operator||(const PartialFlag& a, const PartialFlag& b) {
    if (a.is_known()) return a.known != 0 ? a : b;
    return PartialFlag(partial_apply(TermOp::disjunction, flag_width, a, b));
  }
};

inline PartialFlag partial_compare(TermOp op, const PartialValue& a, const PartialValue& b) {
  return PartialFlag(partial_apply(op, flag_width, a, b));
}

template <unsigned N>
class PartialWord : public PartialValue {
 public:
  static constexpr u64 mask = Bits<N>::mask;
  static constexpr std::uint8_t bits = N;
  // Not `width`: a value has that, and a template's constant of the same name would hide it.
  PartialWord() : PartialValue{0, 0, N, 0} {}
  PartialWord(u64 v) : PartialValue{fits(v, mask), 0, N, 0} {}
  explicit PartialWord(const PartialValue& v) : PartialValue(v) {}
  friend PartialFlag operator==(const PartialWord& a, const PartialWord& b) {
    return partial_compare(TermOp::equal, a, b);
  }
  friend PartialFlag operator!=(const PartialWord& a, const PartialWord& b) { return !(a == b); }
  friend PartialFlag operator<(const PartialWord& a, const PartialWord& b) {
    return partial_compare(TermOp::less, a, b);
  }
  friend PartialFlag operator<=(const PartialWord& a, const PartialWord& b) {
    return partial_compare(TermOp::less_or_equal, a, b);
  }
  friend PartialFlag operator>(const PartialWord& a, const PartialWord& b) { return b < a; }
  friend PartialFlag operator>=(const PartialWord& a, const PartialWord& b) { return b <= a; }
  friend PartialWord operator+(const PartialWord& a, const PartialWord& b) {
    return PartialWord(partial_apply(TermOp::add, N, a, b));
  }
  friend PartialWord operator-(const PartialWord& a, const PartialWord& b) {
    return PartialWord(partial_apply(TermOp::subtract, N, a, b));
  }
  friend PartialWord operator&(const PartialWord& a, const PartialWord& b) {
    return PartialWord(partial_apply(TermOp::bit_and, N, a, b));
  }
  friend PartialWord operator|(const PartialWord& a, const PartialWord& b) {
    return PartialWord(partial_apply(TermOp::bit_or, N, a, b));
  }
  friend PartialWord operator^(const PartialWord& a, const PartialWord& b) {
    return PartialWord(partial_apply(TermOp::bit_xor, N, a, b));
  }
  friend PartialWord operator~(const PartialWord& a) {
    return PartialWord(partial_apply(TermOp::bit_not, N, a));
  }
};

class PartialNumber : public PartialValue {
 public:
  PartialNumber() : PartialValue{0, 0, number_width, 0} {}
  PartialNumber(u64 v) : PartialValue{v, 0, number_width, 0} {}
  explicit PartialNumber(const PartialValue& v) : PartialValue(v) {}
  friend PartialFlag operator==(const PartialNumber& a, const PartialNumber& b) {
    return partial_compare(TermOp::equal, a, b);
  }
  friend PartialFlag operator!=(const PartialNumber& a, const PartialNumber& b) {
    return !(a == b);
  }
  friend PartialFlag operator<(const PartialNumber& a, const PartialNumber& b) {
    return partial_compare(TermOp::less, a, b);
  }
  friend PartialFlag operator<=(const PartialNumber& a, const PartialNumber& b) {
    return partial_compare(TermOp::less_or_equal, a, b);
  }
  friend PartialFlag operator>(const PartialNumber& a, const PartialNumber& b) { return b < a; }
  friend PartialFlag operator>=(const PartialNumber& a, const PartialNumber& b) { return b <= a; }
  friend PartialNumber operator+(const PartialNumber& a, const PartialNumber& b) {
    return PartialNumber(partial_apply(TermOp::add, number_width, a, b));
  }
  friend PartialNumber operator*(const PartialNumber& a, u64 k) {
    return PartialNumber(partial_apply(TermOp::times, number_width, a, {}, {}, k));
  }
  friend PartialNumber operator/(const PartialNumber& a, u64 k) {
    return PartialNumber(partial_apply(TermOp::divided_by, number_width, a, {}, {}, k));
  }
  friend PartialFlag is_multiple_of(const PartialNumber& a, u64 k) {
    return PartialFlag(partial_apply(TermOp::multiple_of, flag_width, a, {}, {}, k));
  }
};

// --- operations that are functions ----------------------------------------------------------
inline PartialFlag ite(const PartialFlag& c, const PartialFlag& a, const PartialFlag& b) {
  return PartialFlag(partial_apply(TermOp::ite, flag_width, c, a, b));
}
template <unsigned N>
PartialWord<N> ite(const PartialFlag& c, const PartialWord<N>& a,
                   const std::type_identity_t<PartialWord<N>>& b) {
  return PartialWord<N>(partial_apply(TermOp::ite, N, c, a, b));
}
inline PartialNumber ite(const PartialFlag& c, const PartialNumber& a, const PartialNumber& b) {
  return PartialNumber(partial_apply(TermOp::ite, number_width, c, a, b));
}
inline PartialFlag iff(const PartialFlag& a, const PartialFlag& b) {
  return partial_compare(TermOp::equal, a, b);
}
template <unsigned M, unsigned N>
PartialWord<M> field_bits(const PartialWord<N>& w, unsigned low) {
  return PartialWord<M>(partial_apply(TermOp::extract, M, w, {}, {}, low));
}
template <unsigned M, unsigned N>
PartialWord<M> zero_extend(const PartialWord<N>& w) {
  static_assert(M >= N);
  return field_bits<M>(w, 0);
}
template <unsigned M, unsigned N>
PartialWord<M> truncate(const PartialWord<N>& w) {
  static_assert(M <= N);
  return field_bits<M>(w, 0);
}
template <unsigned N>
PartialFlag bit(const PartialWord<N>& w, unsigned n) {
  return field_bits<1>(w, n) == PartialWord<1>(1);
}
template <unsigned N>
PartialNumber power_of_two(const PartialWord<N>& w) {
  return PartialNumber(partial_apply(TermOp::power_of_two, number_width, w));
}
template <unsigned N>
PartialNumber to_number(const PartialWord<N>& w) {
  return PartialNumber(partial_apply(TermOp::to_number, number_width, w));
}

// --- tables ---------------------------------------------------------------------------------

template <class T, class F>
void each_partial_leaf(T& t, F&& f);

// Grows with what is used. After a write whose index was unknown, nothing is known of the entries
// that were not used before: they are made of unknown values when they are first used.
template <class T>
class PartialTable {
 public:
  static constexpr bool is_table = true;
  static constexpr bool is_fixed() { return false; }
  static constexpr std::size_t entries_max = 0xffff;

  // At entries_max stands an entry of which it is not known which it is (with_unused() of another
  // table of the same things): reading it says nothing, and after a write nothing is known here.
  T& operator[](std::size_t i) {
    if (i != entries_max) return entry(i);
    forget_rest();
    for (auto& [at, e] : entries_) forget(e);
    return nobody_.emplace_back(made(true));
  }
  const T& operator[](std::size_t i) const {
    return i == entries_max ? nobody_.emplace_back(made(true)) : entry(i);
  }
  std::size_t extent() const { return entries_.empty() ? 0 : entries_.rbegin()->first + 1; }
  bool can_hold(std::size_t i) const { return i < entries_max; }
  // Whether entries that were never used may be other than blank.
  bool has_unknown_rest() const { return unknown_rest_; }
  void forget_rest() { unknown_rest_ = true; }
  // f(entry, index) for an entry that was never used: what a write to it leaves is not kept.
  template <class F>
  void with_unused(F&& f) const {
    f(nobody_.emplace_back(made(unknown_rest_)), entries_max);
  }
  // Ends the life of those entries. A journal that names them must have been cleared.
  void drop_unused() { nobody_.clear(); }

  template <class F>
  void for_each(F&& f) {
    for (auto& [i, e] : entries_) f(e, i);
  }
  template <class F>
  void for_each(F&& f) const {
    for (const auto& [i, e] : entries_) f(e, i);
  }
  template <class F>
  bool find(F&& f) const {
    for (const auto& [i, e] : entries_)
      if (f(e, i)) return true;
    return false;
  }
  // f(entry, index) for the entry that an address lies in; nothing when it lies in none.
  template <class F>
  void entry_at(const void* place, F&& f) const {
    for (const auto& [i, e] : entries_) {
      const auto* begin = reinterpret_cast<const std::byte*>(&e);
      const auto* at = static_cast<const std::byte*>(place);
      if (!std::less<>{}(at, begin) && std::less<>{}(at, begin + sizeof(T))) return f(e, i);
    }
  }

 private:
  static T made(bool unknown) {
    T t{};
    if (unknown) forget(t);
    return t;
  }
  static void forget(T& t) {
    each_partial_leaf(t, [](PartialValue& leaf) {
      leaf = terms_in_use()->unknown(leaf.width, "", terms_in_use()->value(leaf));
    });
  }
  T& entry(std::size_t i) const {
    const auto at = entries_.lower_bound(i);
    if (at != entries_.end() && at->first == i) return at->second;
    return entries_.emplace_hint(at, i, made(unknown_rest_))->second;
  }
  mutable std::map<std::size_t, T> entries_;  // reading a blank entry makes it
  mutable std::deque<T> nobody_;              // stay where they are: the journal may name them
  bool unknown_rest_ = false;
};

// --- the domain -----------------------------------------------------------------------------

// Stores a number into a leaf, which is known then; bits that do not fit are cut off.
inline void store(PartialValue& leaf, u64 v) {
  leaf.term = 0;
  leaf.known = leaf.width == flag_width ? v & 1
               : leaf.width >= 64       ? v
                                        : v & ((u64{1} << leaf.width) - 1);
}

struct Partial {
  static constexpr bool bounded = false;
  static constexpr bool merges = true;
  static constexpr bool folds = true;  // guards are mostly known, and answers are conditions
  static constexpr bool journals = true;
  static constexpr bool collects = false;
  static constexpr bool has_claims = true;
  using Flag = PartialFlag;
  template <unsigned N>
  using Word = PartialWord<N>;
  using Number = PartialNumber;
  template <class T>
  using Cell = T;
  template <class T>
  using GrowingTable = PartialTable<T>;
  using Leaf = PartialValue&;

  static Leaf leaf(PartialValue& v) { return v; }
  template <unsigned N>
  static std::optional<u64> known(const PartialWord<N>& w) {
    if (!w.is_known()) return std::nullopt;
    return static_cast<u64>(w.known);
  }
  static PartialFlag any_flag(std::string name = "") {
    return PartialFlag(terms_in_use()->unknown(flag_width, std::move(name)));
  }
  static PartialFlag fresh_choice(const Why& why) { return any_flag(why.id); }
  // What a state keeps of a value.
  template <class V>
  static V kept(const V& value) {
    if (value.is_known()) return value;
    return V(terms_in_use()->bounded(value));
  }
};

// f(leaf, path) for each leaf of the entries that exist.
template <class T, class F>
void each_partial_leaf(const std::string& path, T& t, F&& f) {
  using Plain = std::remove_const_t<T>;
  if constexpr (is_std_array<Plain>::value) {
    for (std::size_t i = 0; i < t.size(); ++i)
      each_partial_leaf(path + "[" + std::to_string(i) + "]", t[i], f);
  } else if constexpr (AnyTable<Plain>) {
    t.for_each([&](auto& e, std::size_t i) {
      each_partial_leaf(path + "[" + std::to_string(i) + "]", e, f);
    });
  } else if constexpr (Record<Plain>) {
    each_member(
        [&](const char* name, auto& member) {
          each_partial_leaf(path.empty() ? std::string(name) : path + "." + name, member, f);
        },
        t);
  } else {
    f(t, path);
  }
}

// f(leaf) for the same, without names.
template <class T, class F>
void each_partial_leaf(T& t, F&& f) {
  using Plain = std::remove_const_t<T>;
  if constexpr (is_std_array<Plain>::value) {
    for (auto& e : t) each_partial_leaf(e, f);
  } else if constexpr (AnyTable<Plain>) {
    t.for_each([&](auto& e, std::size_t) { each_partial_leaf(e, f); });
  } else if constexpr (Record<Plain>) {
    [&]<auto... P>(Members<P...>) { (each_partial_leaf(t.*P, f), ...); }
    (Plain::fields());
  } else {
    f(t);
  }
}

// The same state in the Partial domain, all of it known. Entries that are blank stay unused.
template <class T, class From>
void make_known(T& t, const From& from) {
  if constexpr (is_std_array<T>::value) {
    for (std::size_t i = 0; i < t.size(); ++i) make_known(t[i], from[i]);
  } else if constexpr (AnyTable<T>) {
    from.for_each([&](const auto& e, std::size_t i) {
      bool is_blank = true;
      leaves([&](const auto& leaf) { is_blank = is_blank && raw(leaf) == 0; }, e);
      if (!is_blank) make_known(t[i], e);
    });
  } else if constexpr (Record<T>) {
    [&]<auto... P, auto... Q>(Members<P...>, Members<Q...>) { (make_known(t.*P, from.*Q), ...); }
    (T::fields(), From::fields());
  } else {
    t.known = raw(from);
    if constexpr (requires { from.by; }) t.by = from.by;
  }
}

}  // namespace assay

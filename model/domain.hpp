// Value domains: what a Flag, a Word<N> and a Number are while a rule runs.
//
//   Concrete    bool / machine word                   execution, fuzzing, replay of proofs
//   Recorded    the same; state cells also know which event last wrote them: trace checking
//   Tracked     a value and the events it came from   explanations          (tracked.hpp)
//   Partial     a value or, where unknown, a term     traces that do not tell all (partial.hpp)
//   Symbolic    Z3 expressions                        proof                 (symbolic.hpp)
//   Catalog     nothing at all                        lists a rule's checks (catalog.hpp)
//
// A rule may use only: ! && || on flags, == != < <= > >= + - & | ^ ~ on words, the comparisons,
// + and constant * / on numbers, ite(), and the verbs of Step with any/all/each/at. Everything
// is total and pure, so evaluating a check that an implementation would not have reached is
// harmless in every domain.
#pragma once
#include <concepts>
#include <utility>

#include "model/bits.hpp"
#include "model/focus.hpp"
#include "model/table.hpp"

namespace assay {

struct Concrete {
  static constexpr bool bounded = false;  // its tables have the size of a Shape
  static constexpr bool merges = false;   // a guard may simply be branched on
  static constexpr bool journals = false;
  static constexpr bool collects = false;   // keeps every check of a step, not only the first
  static constexpr bool has_claims = true;  // invariants and properties are evaluated in it
  using Flag = bool;
  template <unsigned N>
  using Word = Bits<N>;
  using Number = assay::Number;
  template <class T>
  using Cell = T;
};

// A state leaf that remembers which event wrote it last. Reads as the plain value.
template <class T>
struct WrittenCell {
  T value{};
  u32 by = 0;  // number of the event, counted from 1; 0 = initial state
  constexpr WrittenCell() = default;
  constexpr WrittenCell(const T& v) : value(v) {}
  template <class V>
  requires(std::convertible_to<V, T> && !std::same_as<V, T>) constexpr WrittenCell(const V& v)
      : value(v) {}
  constexpr operator const T&() const { return value; }
};

struct Recorded {
  static constexpr bool bounded = false;
  static constexpr bool merges = false;
  static constexpr bool journals = true;
  static constexpr bool collects = false;
  static constexpr bool has_claims = true;
  using Flag = bool;
  template <unsigned N>
  using Word = Bits<N>;
  using Number = assay::Number;
  template <class T>
  using Cell = WrittenCell<T>;
};

// Spelling used by specifications.
template <class D>
using Flag = typename D::Flag;
template <class D, unsigned N>
using Word = typename D::template Word<N>;
template <class D>
using Num = typename D::Number;
template <class D>
using FlagCell = typename D::template Cell<Flag<D>>;
template <class D, unsigned N>
using WordCell = typename D::template Cell<Word<D, N>>;
template <class D>
using NumCell = typename D::template Cell<Num<D>>;

// A bounded table that knows which dimension of the shape in use is its size.
template <class T, std::size_t dimension>
class DimensionTable : public BoundedTable<T> {
 public:
  DimensionTable() : BoundedTable<T>(shape_in_use().size[dimension]) {}
};
template <class D, class T, std::size_t dimension>
struct TableOf {
  using type = std::conditional_t<D::bounded, DimensionTable<T, dimension>, SparseTable<T>>;
};
template <class D, class T, std::size_t dimension>
requires requires { typename D::template GrowingTable<T>; }
struct TableOf<D, T, dimension> {
  using type = typename D::template GrowingTable<T>;
};
template <class D, class T, auto dimension>
using Table = typename TableOf<D, T, static_cast<std::size_t>(dimension)>::type;

// --- operations that are functions, Concrete ------------------------------------------------
inline constexpr bool ite(bool c, bool a, bool b) { return c ? a : b; }
template <unsigned N>
constexpr Bits<N> ite(bool c, Bits<N> a, std::type_identity_t<Bits<N>> b) {
  return c ? a : b;
}
inline constexpr Number ite(bool c, Number a, Number b) { return c ? a : b; }

inline constexpr bool iff(bool a, bool b) { return a == b; }
template <unsigned M, unsigned N>
constexpr Bits<M> zero_extend(Bits<N> w) {
  static_assert(M >= N);
  return Bits<M>(w.value());
}
template <unsigned M, unsigned N>
constexpr Bits<M> truncate(Bits<N> w) {
  static_assert(M <= N);
  return Bits<M>::wrap(w.value());
}
// Bits [low + M - 1 : low] as a word of M bits.
template <unsigned M, unsigned N>
constexpr Bits<M> field_bits(Bits<N> w, unsigned low) {
  return Bits<M>::wrap(w.value() >> low);
}
// Bit n of a word.
template <unsigned N>
constexpr bool bit(Bits<N> w, unsigned n) {
  return (w.value() >> n & 1) != 0;
}
// 2^w as a number, for w up to 64; larger exponents give 2^64.
template <unsigned N>
constexpr Number power_of_two(Bits<N> w) {
  return two_to_the(w.value() > 64 ? 64 : static_cast<unsigned>(w.value()));
}
// A word's value as a number.
template <unsigned N>
constexpr Number to_number(Bits<N> w) {
  return Number(w.value());
}

// The value of a state cell; any other value as it is.
template <class T>
constexpr const T& plain(const WrittenCell<T>& c) {
  return c.value;
}
template <class T>
constexpr const T& plain(const T& v) {
  return v;
}

// 2^64: a 64-bit sum that reaches it has wrapped.
template <class D>
Num<D> wrap_at() {
  return Num<D>(u64{1} << 63) + Num<D>(u64{1} << 63);
}

template <class D>
constexpr Flag<D> implies(const std::type_identity_t<Flag<D>>& a,
                          const std::type_identity_t<Flag<D>>& b) {
  return !a || b;
}

// --- loops over things ----------------------------------------------------------------------
// Each calls f(entry) or f(entry, index). In merging domains all entries are combined; in the
// others any/all stop at the first entry that decides. Where it is not known which entries a table
// has, neither is the result.
template <class F, class T>
decltype(auto) call_entry(F& f, T& entry, std::size_t index) {
  if constexpr (requires { f(entry, index); }) return f(entry, index);
  else return f(entry);
}

// Whether guards are mostly known, so that a loop may stop where the result is.
template <class D>
inline constexpr bool folds = requires {
  D::folds;
};

template <class D, class Tab, class F>
Flag<D> any(const Tab& table, F&& f) {
  if constexpr (folds<D>) {
    Flag<D> some = table.has_unknown_rest() ? D::any_flag() : Flag<D>(false);
    table.find([&](const auto& e, std::size_t i) {
      some = some || Flag<D>(call_entry(f, e, i));
      return some.is_true();
    });
    return some;
  } else if constexpr (D::merges || D::collects) {
    Flag<D> some = false;
    table.for_each(
        [&](const auto& e, std::size_t i) { some = some || Flag<D>(call_entry(f, e, i)); });
    return some;
  } else {
    return table.find([&](const auto& e, std::size_t i) -> bool { return call_entry(f, e, i); });
  }
}

// Whether two plain values are the same: flags, words or numbers.
template <class D, class Value>
Flag<D> is_same_value(const Value& a, const Value& b) {
  if constexpr (std::is_same_v<Value, Flag<D>>) return iff(a, b);
  else return Flag<D>(a == b);
}

template <class D, class Tab, class F>
Flag<D> all(const Tab& table, F&& f);

// Whether f(entry) or f(entry, index) is true of each entry that the step in focus wrote. Most
// steps write to one. Apart from all(), which must stay short, and with a copy of f: by reference,
// it would have to lie in memory there.
template <class D, class Tab, class F>
[[gnu::noinline, gnu::cold]] Flag<D> all_written(const Tab& table, F f) {
  using Entry = std::remove_reference_t<decltype(table[0])>;
  const Focus::Table& step = focus_in_use->of(table);
  const UseFocus inner(nullptr);
  if (!step.is_known) return all<D>(table, f);
  Flag<D> every = true;
  for (const Focus::Written& w : step.written)
    every = every && Flag<D>(call_entry(f, *static_cast<Entry*>(w.entry), w.index));
  return every;
}

template <class D, class Tab, class F>
Flag<D> all(const Tab& table, F&& f) {
  if constexpr (D::journals) {
    if (focus_in_use != nullptr) [[unlikely]]
      return all_written<D, Tab, std::remove_cvref_t<F>>(table, f);
  }
  if constexpr (folds<D>) {
    return !any<D>(table,
                   [&](const auto& e, std::size_t i) { return !Flag<D>(call_entry(f, e, i)); });
  } else if constexpr (D::merges || D::collects) {
    Flag<D> every = true;
    table.for_each(
        [&](const auto& e, std::size_t i) { every = every && Flag<D>(call_entry(f, e, i)); });
    return every;
  } else {
    return !table.find([&](const auto& e, std::size_t i) -> bool { return !call_entry(f, e, i); });
  }
}

// Whether f(entry, entry) is true of every two entries, the one with the lower index first.
template <class D, class Tab, class F>
Flag<D> all_pairs(const Tab& table, F&& f) {
  if constexpr (D::journals) {
    if (focus_in_use != nullptr) [[unlikely]]
      return all<D>(table, [f, &table](const auto& written, std::size_t i) {
        return all<D>(table, [&f, &written, i](const auto& e, std::size_t j) {
          return i == j ? Flag<D>(true) : i < j ? Flag<D>(f(written, e)) : Flag<D>(f(e, written));
        });
      });
  }
  return all<D>(table, [&](const auto& a, std::size_t i) {
    return all<D>(table, [&](const auto& b, std::size_t j) {
      return i >= j ? Flag<D>(true) : Flag<D>(f(a, b));
    });
  });
}

template <class D, class Tab, class F>
void each(Tab& table, F&& f) {
  table.for_each([&](auto& e, std::size_t i) { call_entry(f, e, i); });
  // One entry of which nothing is known stands for all those that the table may have besides.
  if constexpr (folds<D>) {
    if (table.has_unknown_rest())
      table.with_unused([&](auto& e, std::size_t i) { call_entry(f, e, i); });
  }
}

}  // namespace assay

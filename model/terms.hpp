// Terms over unknown values: what the Partial domain builds where a value is not known.
//
// Equal terms are one term, and each knows its value under a *witness*: one assignment of all
// symbols that explains everything seen so far. A new condition that the witness fulfils needs no
// solver; only one that it does not (checker/term_solver.hpp).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/bits.hpp"

namespace assay {

// Kinds of values, beside the widths 1 to 64 of words.
inline constexpr std::uint8_t flag_width = 0, number_width = 255;

enum class TermOp : std::uint8_t {
  symbol,       // k: its number
  constant,     // k
  negation,     // of a flag
  conjunction,  // of flags
  disjunction,
  ite,            // flag a ? b : c
  equal,          // of two flags, words or numbers
  less,           // unsigned
  less_or_equal,  //
  add,            // of words: wraps; of numbers: exact
  subtract,       // of words
  bit_and,
  bit_or,
  bit_xor,
  bit_not,
  extract,       // bits of a word from bit k on; also widens, with zeros
  times,         // a number by k
  divided_by,    // a number by k
  multiple_of,   // whether a number is one of k
  power_of_two,  // 2^word as a number; exponents above 64 count as 64
  to_number,     // a word's value as a number
};

// What an operation yields for values. The meaning of every term, in one place.
constexpr u128 evaluate(TermOp op, std::uint8_t width, u128 a, u128 b, u128 c, u128 k) {
  const u128 mask =
      width == flag_width || width == number_width ? ~u128{0} : (u128{1} << width) - 1;
  switch (op) {
    case TermOp::symbol:
    case TermOp::constant: return k;
    case TermOp::negation: return a == 0 ? 1 : 0;
    case TermOp::conjunction: return a & b;
    case TermOp::disjunction: return a | b;
    case TermOp::ite: return a != 0 ? b : c;
    case TermOp::equal: return a == b ? 1 : 0;
    case TermOp::less: return a < b ? 1 : 0;
    case TermOp::less_or_equal: return a <= b ? 1 : 0;
    case TermOp::add: return (a + b) & mask;
    case TermOp::subtract: return (a - b) & mask;
    case TermOp::bit_and: return a & b;
    case TermOp::bit_or: return a | b;
    case TermOp::bit_xor: return a ^ b;
    case TermOp::bit_not: return ~a & mask;
    case TermOp::extract: return (a >> static_cast<unsigned>(k)) & mask;
    case TermOp::times: return a * k;
    case TermOp::divided_by: return a / k;
    case TermOp::multiple_of: return a % k == 0 ? 1 : 0;
    case TermOp::power_of_two: return u128{1} << (a > 64 ? 64 : static_cast<unsigned>(a));
    case TermOp::to_number: return a;
  }
  return 0;
}

// A value of the Partial domain, whatever its kind. Trivially copyable: the journal keeps it.
struct PartialValue {
  u128 known = 0;  // the value, if it is known
  u32 term = 0;    // else this term; 0: known
  std::uint8_t width = flag_width;
  u32 by = 0;  // in a state: number of the event that wrote it, 0 = initial state
  bool is_known() const { return term == 0; }
};

class Terms {
 public:
  using Id = u32;  // 0: no term
  struct Node {
    u128 k = 0;
    Id a = 0, b = 0, c = 0;
    TermOp op = TermOp::constant;
    std::uint8_t width = flag_width;
    friend bool operator==(const Node&, const Node&) = default;
  };
  // Where an unknown value came from: a line of the trace (0: the host or an earlier history).
  struct Symbol {
    std::string name;
    u32 line = 0;
    u128 witness = 0;
  };

  Terms();

  // A new unknown value. It has the given value under the witness.
  PartialValue unknown(std::uint8_t width, std::string name, u128 witness = 0);
  // The line that is said to have brought the unknown values made from here on.
  void at_line(u32 line) { line_ = line; }

  // op(a, b, c), folded as far as it goes: with known operands it is known.
  PartialValue apply(TermOp op, std::uint8_t width, const PartialValue& a,
                     const PartialValue& b = {}, const PartialValue& c = {}, u128 k = 0);

  // The value under the witness.
  u128 value(const PartialValue& v) const { return v.is_known() ? v.known : value_[v.term]; }
  // Changes the witness; `symbols` are numbers of symbols with their new values.
  void set_witness(std::span<const std::pair<u32, u128>> symbols);
  const std::vector<Symbol>& symbols() const { return symbols_; }

  // Takes it as a fact that the flag is true: terms made from here on fold with it.
  void assume(const PartialValue& flag);
  // The same value with what has become a fact since it was made.
  PartialValue resolved(const PartialValue& v);
  // What a state may hold: a term that has grown beyond a bound is forgotten, and a new symbol with
  // its value takes its place. That permits more, never less.
  PartialValue bounded(const PartialValue& v);

  const Node& node(Id t) const { return nodes_[t]; }
  std::size_t size() const { return nodes_.size(); }
  // The numbers of the symbols in a term, each once.
  void symbols_of(Id t, std::vector<u32>& out) const;
  // Drops all terms but those that `live` holds, and renumbers what it holds. Symbols keep their
  // numbers; those that no term has any more are given to unknown values made later.
  void keep_only(std::span<PartialValue* const> live);

 private:
  struct Hash {
    std::size_t operator()(const Node& n) const;
  };
  enum class Fact : std::uint8_t { none, is_true, is_false };
  Id intern(const Node& n);
  Id operand(const PartialValue& v);
  PartialValue of_term(Id t) const;
  // What is simpler than the operation itself, if anything is.
  std::optional<PartialValue> fold(TermOp op, std::uint8_t width, const PartialValue& a,
                                   const PartialValue& b, const PartialValue& c, u128 k);
  std::optional<PartialValue> fold_ite(std::uint8_t width, const PartialValue& a,
                                       const PartialValue& b, const PartialValue& c);
  std::optional<PartialValue> fold_equal(const PartialValue& a, const PartialValue& b);
  bool is_negation_of(const PartialValue& a, const PartialValue& b) const;
  void assume(Id flag, bool value);

  std::vector<Node> nodes_;
  std::vector<u128> value_;  // under the witness
  std::vector<u32> weight_;  // how large the term is when written out, saturating
  std::vector<Fact> fact_;
  std::unordered_map<Node, Id, Hash> known_;
  std::vector<Symbol> symbols_;
  std::vector<u32> free_symbols_;
  u32 line_ = 0;
};

// The terms that the Partial domain of this thread builds.
inline Terms*& terms_in_use() {
  static thread_local Terms* terms = nullptr;
  return terms;
}

class UseTerms {
 public:
  explicit UseTerms(Terms& terms) : outer_(terms_in_use()) { terms_in_use() = &terms; }
  ~UseTerms() { terms_in_use() = outer_; }
  UseTerms(const UseTerms&) = delete;
  UseTerms& operator=(const UseTerms&) = delete;

 private:
  Terms* outer_;
};

}  // namespace assay

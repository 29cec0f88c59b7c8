// The meaning of a predicate: one evaluator for every value domain.
//
// A domain brings a Reader of one state, which gives leaves by number as values of the domain.
// The search evaluates on Z3 expressions, the check of what it found on plain values; both run
// this text.
#pragma once
#include "checker/prove/predicate.hpp"
#include "model/domain.hpp"

namespace assay::prove {

// One state of a domain. A leaf is asked for by its own kind only.
template <class D>
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Flag<D> flag(u32 leaf) const = 0;
  virtual Word<D, 64> word(u32 leaf) const = 0;  // widened
  virtual Num<D> number(u32 leaf) const = 0;
  virtual Flag<D> invariant(u32 number) const = 0;
};

template <class D>
class Evaluator {
 public:
  Evaluator(const Predicate& predicate, const Reader<D>& state)
      : predicate_(predicate), state_(state), bound_(predicate.variables, 0) {}

  Flag<D> holds() { return flag(static_cast<u32>(predicate_.nodes.size()) - 1); }

 private:
  using Op = Predicate::Op;
  using Type = Predicate::Type;
  using Node = Predicate::Node;

  Flag<D> flag(u32 at) {
    const Node& n = predicate_.nodes[at];
    switch (n.op) {
      case Op::leaf: return state_.flag(leaf(n));
      case Op::invariant: return state_.invariant(static_cast<u32>(n.value));
      case Op::negation: return !flag(n.operands[0]);
      case Op::both: return flag(n.operands[0]) && flag(n.operands[1]);
      case Op::either: return flag(n.operands[0]) || flag(n.operands[1]);
      case Op::implies: return implies<D>(flag(n.operands[0]), flag(n.operands[1]));
      case Op::any:
      case Op::all: return over_entries(n);
      default: return compared(n);
    }
  }

  Word<D, 64> word(u32 at) {
    const Node& n = predicate_.nodes[at];
    switch (n.op) {
      case Op::constant: return Word<D, 64>(n.value);
      case Op::index: return Word<D, 64>(bound_[n.value]);
      case Op::leaf: return state_.word(leaf(n));
      case Op::widen: return ite(flag(n.operands[0]), Word<D, 64>(1), Word<D, 64>(0));
      case Op::plus: return word(n.operands[0]) + word(n.operands[1]);
      case Op::minus: return word(n.operands[0]) - word(n.operands[1]);
      case Op::mask: return word(n.operands[0]) & word(n.operands[1]);
      default: return word(n.operands[0]) | word(n.operands[1]);
    }
  }

  Num<D> number(u32 at) {
    const Node& n = predicate_.nodes[at];
    switch (n.op) {
      case Op::constant: return Num<D>(n.value);
      case Op::leaf: return state_.number(leaf(n));
      case Op::widen: return to_number(word(n.operands[0]));
      default: return number(n.operands[0]) + number(n.operands[1]);
    }
  }

  Flag<D> compared(const Node& n) {
    const u32 a = n.operands[0], b = n.operands[1];
    switch (predicate_.nodes[a].type) {
      case Type::flag: {
        const Flag<D> same = iff(flag(a), flag(b));
        return n.op == Op::equal ? same : !same;
      }
      case Type::word: return compared(n.op, word(a), word(b));
      default: return compared(n.op, number(a), number(b));
    }
  }
  template <class V>
  static Flag<D> compared(Op op, const V& a, const V& b) {
    switch (op) {
      case Op::equal: return a == b;
      case Op::differs: return a != b;
      case Op::less: return a < b;
      default: return a <= b;
    }
  }

  Flag<D> over_entries(const Node& n) {
    Flag<D> result = n.op == Op::all;
    for (u32 i = 0; i < n.value; ++i) {
      bound_[n.variable] = i;
      const Flag<D> here = flag(n.operands[0]);
      result = n.op == Op::all ? result && here : result || here;
    }
    return result;
  }

  u32 leaf(const Node& n) const {
    u32 at = static_cast<u32>(n.value);
    for (const Predicate::Index& i : n.indices) at += bound_[i.variable] * i.distance;
    return at;
  }

  const Predicate& predicate_;
  const Reader<D>& state_;
  std::vector<u32> bound_;  // the entry each variable stands for
};

}  // namespace assay::prove

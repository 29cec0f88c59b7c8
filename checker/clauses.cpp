#include "checker/clauses.hpp"

namespace assay::checker {
namespace {

class Splitter {
 public:
  explicit Splitter(const Terms& terms) : terms_(terms) {}

  // Of a term, or of its negation.
  Clauses of(Terms::Id t, bool positive) const {
    const Terms::Node& node = terms_.node(t);
    if (node.op == TermOp::negation) return of(node.a, !positive);
    if (node.op == (positive ? TermOp::conjunction : TermOp::disjunction)) {
      Clauses both = of(node.a, positive);
      both.merge(of(node.b, positive));
      return both;
    }
    if (node.op == (positive ? TermOp::disjunction : TermOp::conjunction))
      return either({t, positive}, of(node.a, positive), of(node.b, positive));
    return {{{t, positive}}};
  }

 private:
  static Clauses either(const std::pair<Terms::Id, bool>& whole, const Clauses& a,
                        const Clauses& b) {
    if (a.size() != 1 && b.size() != 1) return {{whole}};
    Clauses out;
    for (const Clause& of_a : a)
      for (const Clause& of_b : b) {
        Clause joined = of_a;
        joined.insert(of_b.begin(), of_b.end());
        out.insert(std::move(joined));
      }
    return out;
  }

  const Terms& terms_;
};

}  // namespace

Clauses clauses_of(const Terms& terms, const PartialFlag& flag) {
  if (flag.is_known()) return flag.is_true() ? Clauses{} : Clauses{Clause{}};
  return Splitter(terms).of(flag.term, true);
}

std::vector<u32> symbols_of(const Terms& terms, const Clause& clause) {
  std::vector<u32> found;
  for (const auto& [term, positive] : clause) terms.symbols_of(term, found);
  return found;
}

}  // namespace assay::checker

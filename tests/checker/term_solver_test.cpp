// Terms mean the same to the Partial domain, which folds and evaluates them, and to Z3.
#include "checker/term_solver.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace assay::checker {
namespace {

using Answer = TermSolver::Answer;

Constraint constraint(const Terms& terms, const PartialValue& flag) {
  Constraint c{flag, {}};
  terms.symbols_of(flag.term, c.symbols);
  return c;
}

// A pool of values of all kinds, unknown and known, and what each is under the witness.
class RandomTerms {
 public:
  Terms terms;
  std::vector<PartialValue> flags, words, numbers;
  std::vector<PartialValue> symbols;

  RandomTerms() {
    for (unsigned i = 0; i < 3; ++i) {
      add(flags, terms.unknown(flag_width, "f", *rc::gen::inRange(0, 2)));
      add(words, terms.unknown(8, "w", *rc::gen::inRange(0, 256)));
      add(numbers, terms.unknown(number_width, "n", *rc::gen::inRange(0, 1 << 20)));
    }
    flags.push_back({1, 0, flag_width, 0});
    words.push_back({u128(*rc::gen::inRange(0, 256)), 0, 8, 0});
    numbers.push_back({u128(*rc::gen::inRange(0, 1 << 20)), 0, number_width, 0});
    for (unsigned i = 0; i < 12; ++i) grow();
  }

  // Applies one operation to values of the pool; evaluation must agree at once.
  void grow() {
    const auto op =
        static_cast<TermOp>(*rc::gen::inRange(2, static_cast<int>(TermOp::to_number) + 1));
    const u128 k = *rc::gen::inRange(1, 9);
    switch (op) {
      case TermOp::negation: return make(flags, op, flag_width, one(flags), {}, {}, 0);
      case TermOp::conjunction:
      case TermOp::disjunction: return make(flags, op, flag_width, one(flags), one(flags), {}, 0);
      case TermOp::ite: {
        auto& pool = any_pool();
        const PartialValue b = one(pool), c = one(pool);
        return make(pool, op, b.width, one(flags), b, c, 0);
      }
      case TermOp::equal: {
        auto& pool = any_pool();
        return make(flags, op, flag_width, one(pool), one(pool), {}, 0);
      }
      case TermOp::less:
      case TermOp::less_or_equal: {
        auto& pool = *rc::gen::arbitrary<bool>() ? words : numbers;
        return make(flags, op, flag_width, one(pool), one(pool), {}, 0);
      }
      case TermOp::add: {
        const bool of_words = *rc::gen::arbitrary<bool>();
        auto& pool = of_words ? words : numbers;
        return make(pool, op, of_words ? 8 : number_width, one(pool), one(pool), {}, 0);
      }
      case TermOp::subtract:
      case TermOp::bit_and:
      case TermOp::bit_or:
      case TermOp::bit_xor: return make(words, op, 8, one(words), one(words), {}, 0);
      case TermOp::bit_not: return make(words, op, 8, one(words), {}, {}, 0);
      case TermOp::extract: {  // narrower, and wide again
        const PartialValue narrow = terms.apply(op, 3, one(words), {}, {}, k % 6);
        return make(words, op, 8, narrow, {}, {}, 0);
      }
      case TermOp::times:
      case TermOp::divided_by: return make(numbers, op, number_width, one(numbers), {}, {}, k);
      case TermOp::multiple_of: return make(flags, op, flag_width, one(numbers), {}, {}, k);
      case TermOp::power_of_two:
      case TermOp::to_number: return make(numbers, op, number_width, one(words), {}, {}, 0);
      default: return;
    }
  }
  PartialValue one(const std::vector<PartialValue>& pool) {
    return pool[*rc::gen::inRange<std::size_t>(0, pool.size())];
  }

 private:
  void add(std::vector<PartialValue>& pool, const PartialValue& v) {
    pool.push_back(v);
    symbols.push_back(v);
  }
  std::vector<PartialValue>& any_pool() {
    const int n = *rc::gen::inRange(0, 3);
    return n == 0 ? flags : n == 1 ? words : numbers;
  }
  void make(std::vector<PartialValue>& pool, TermOp op, std::uint8_t width, const PartialValue& a,
            const PartialValue& b, const PartialValue& c, u128 k) {
    const PartialValue made = terms.apply(op, width, a, b, c, k);
    RC_ASSERT(terms.value(made) ==
              evaluate(op, width, terms.value(a), terms.value(b), terms.value(c), k));
    pool.push_back(made);
  }
};

TEST(TermSolver, MeansByATermWhatTermsMean) {
  unsigned asked = 0;
  EXPECT_TRUE(rc::check([&] {
    RandomTerms random;
    Terms& terms = random.terms;
    std::vector<Constraint> fixed;  // every symbol has the witness's value
    for (const PartialValue& s : random.symbols) {
      const PartialValue value{terms.value(s), 0, s.width, 0};
      const PartialValue same = terms.apply(TermOp::equal, flag_width, s, value);
      if (!same.is_known()) fixed.push_back(constraint(terms, same));
    }
    const PartialValue flag = random.flags.back();
    if (flag.is_known()) return;
    ++asked;
    const bool value = terms.value(flag) != 0;
    const PartialValue other = terms.apply(TermOp::negation, flag_width, flag);
    const Constraint as_is = constraint(terms, value ? flag : other);
    const Constraint otherwise = constraint(terms, value ? other : flag);
    TermSolver solver;
    RC_ASSERT(solver.solve(terms, fixed, {&as_is, 1}).answer == Answer::satisfied);
    RC_ASSERT(solver.solve(terms, fixed, {&otherwise, 1}).answer == Answer::impossible);
  }));
  EXPECT_GT(asked, 30u);
}

TEST(TermSolver, WitnessSatisfiesWhatWasWanted) {
  EXPECT_TRUE(rc::check([&] {
    RandomTerms random;
    Terms& terms = random.terms;
    std::vector<Constraint> wanted;
    for (const PartialValue& f : random.flags)
      if (!f.is_known() && *rc::gen::arbitrary<bool>()) wanted.push_back(constraint(terms, f));
    TermSolver solver;
    const TermSolver::Result result = solver.solve(terms, {}, wanted);
    if (result.answer != Answer::satisfied) return;
    terms.set_witness(result.witness);
    for (const Constraint& c : wanted) RC_ASSERT(terms.value(c.flag) == 1);
  }));
}

// Facts and collections change how a value is written, never what it is.
TEST(Terms, KeepTheirValuesThroughFactsAndCollections) {
  EXPECT_TRUE(rc::check([&] {
    RandomTerms random;
    Terms& terms = random.terms;
    for (const PartialValue& f : random.flags)
      if (!f.is_known() && *rc::gen::arbitrary<bool>())
        terms.assume(terms.value(f) != 0 ? f : terms.apply(TermOp::negation, flag_width, f));
    std::vector<PartialValue> values;
    std::vector<u128> before;
    for (const auto* pool : {&random.flags, &random.words, &random.numbers})
      for (const PartialValue& v : *pool) {
        before.push_back(terms.value(v));
        values.push_back(terms.resolved(v));
        RC_ASSERT(terms.value(values.back()) == before.back());
      }
    std::vector<PartialValue*> live;
    for (PartialValue& v : values)
      if (!v.is_known()) live.push_back(&v);
    const std::size_t size = terms.size();
    terms.keep_only(live);
    RC_ASSERT(terms.size() <= size);
    for (std::size_t i = 0; i < values.size(); ++i) RC_ASSERT(terms.value(values[i]) == before[i]);
  }));
}

// Of constraints that share no unknown with what is asked, none is looked at: they hold already.
TEST(TermSolver, LooksAtWhatSharesUnknownsOnly) {
  Terms terms;
  const PartialValue a = terms.unknown(8, "a", 1), b = terms.unknown(8, "b", 2),
                     c = terms.unknown(8, "c", 3);
  auto equal = [&](const PartialValue& x, const PartialValue& y) {
    return constraint(terms, terms.apply(TermOp::equal, flag_width, x, y));
  };
  const PartialValue seven{7, 0, 8, 0}, eight{8, 0, 8, 0};
  TermSolver solver;
  // a == b, b == 7: a is 7, whatever c is.
  const std::vector<Constraint> kept{equal(a, b), equal(b, seven), equal(c, seven)};
  const Constraint wants_eight = equal(a, eight), wants_seven = equal(a, seven);
  EXPECT_EQ(solver.solve(terms, kept, {&wants_eight, 1}).answer, Answer::impossible);
  const TermSolver::Result result = solver.solve(terms, kept, {&wants_seven, 1});
  ASSERT_EQ(result.answer, Answer::satisfied);
  EXPECT_EQ(result.witness.size(), 2u);
  EXPECT_GT(solver.work(), 0u);
}

}  // namespace
}  // namespace assay::checker

#include "checker/term_solver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "checker/solve.hpp"
#include "traces/stop.hpp"

namespace assay::checker {
namespace {

using Id = Terms::Id;

// Z3's combined solver takes milliseconds to be made, its simple one a tenth of one. Most questions
// are small; one on which the simple solver spends its share is asked of the other.
constexpr unsigned rlimit_simple = 500'000, rlimit_combined = 5'000'000;

// Terms as expressions of a Z3 context.
class Translation {
 public:
  Translation(z3::context& c, const Terms& terms) : c_(c), terms_(terms) {}

  // Parts have lower numbers than what they are part of.
  z3::expr of(Id wanted) {
    std::vector<Id> needed, open{wanted};
    while (!open.empty()) {
      const Id t = open.back();
      open.pop_back();
      if (t == 0 || !met_.insert(t).second) continue;
      needed.push_back(t);
      const Terms::Node& n = terms_.node(t);
      open.insert(open.end(), {n.a, n.b, n.c});
    }
    std::sort(needed.begin(), needed.end());
    for (const Id t : needed) done_.emplace(t, expression(terms_.node(t)));
    return done_.at(wanted);
  }
  const std::unordered_map<u32, z3::expr>& symbols() const { return symbols_; }

 private:
  z3::expr number(u128 v) const { return c_.int_val(fmt::format("{}", v).c_str()); }
  z3::expr constant(std::uint8_t width, u128 v) const {
    if (width == flag_width) return c_.bool_val(v != 0);
    if (width == number_width) return number(v);
    return c_.bv_val(static_cast<std::uint64_t>(v), width);
  }
  z3::expr symbol(std::uint8_t width, u32 n) {
    const std::string name = "u" + std::to_string(n);
    const z3::expr e = width == flag_width     ? c_.bool_const(name.c_str())
                       : width == number_width ? c_.int_const(name.c_str())
                                               : c_.bv_const(name.c_str(), width);
    symbols_.emplace(n, e);
    return e;
  }
  z3::expr part(Id t) const { return done_.at(t); }
  bool is_number(Id t) const { return terms_.node(t).width == number_width; }

  z3::expr extract(const Terms::Node& n) const {
    const z3::expr w = part(n.a);
    const unsigned from = terms_.node(n.a).width, low = static_cast<unsigned>(n.k);
    const unsigned high = std::min(from, low + n.width) - 1;
    const z3::expr bits = w.extract(high, low);
    const unsigned told = high - low + 1;
    return told < n.width ? z3::zext(bits, n.width - told) : bits;
  }
  // As a sum of its bits: solvers decide that by plain linear arithmetic.
  z3::expr to_number(Id word) const {
    z3::expr_vector bits(c_);
    for (unsigned i = 0; i < terms_.node(word).width; ++i)
      bits.push_back(
          z3::ite(part(word).extract(i, i) == c_.bv_val(1, 1), number(u128{1} << i), number(0)));
    return z3::sum(bits);
  }
  z3::expr power_of_two(Id word) const {
    const unsigned width = terms_.node(word).width;
    z3::expr result = number(u128{1} << 64);
    for (unsigned i = 0; i < 64 && (width >= 7 || i < 1u << width); ++i)
      result = z3::ite(part(word) == c_.bv_val(i, width), number(u128{1} << i), result);
    return result;
  }

  z3::expr expression(const Terms::Node& n) {
    switch (n.op) {
      case TermOp::symbol: return symbol(n.width, static_cast<u32>(n.k));
      case TermOp::constant: return constant(n.width, n.k);
      case TermOp::negation: return !part(n.a);
      case TermOp::conjunction: return part(n.a) && part(n.b);
      case TermOp::disjunction: return part(n.a) || part(n.b);
      case TermOp::ite: return z3::ite(part(n.a), part(n.b), part(n.c));
      case TermOp::equal: return part(n.a) == part(n.b);
      case TermOp::less:
        return is_number(n.a) ? part(n.a) < part(n.b) : z3::ult(part(n.a), part(n.b));
      case TermOp::less_or_equal:
        return is_number(n.a) ? part(n.a) <= part(n.b) : z3::ule(part(n.a), part(n.b));
      case TermOp::add: return part(n.a) + part(n.b);
      case TermOp::subtract: return part(n.a) - part(n.b);
      case TermOp::bit_and: return part(n.a) & part(n.b);
      case TermOp::bit_or: return part(n.a) | part(n.b);
      case TermOp::bit_xor: return part(n.a) ^ part(n.b);
      case TermOp::bit_not: return ~part(n.a);
      case TermOp::extract: return extract(n);
      case TermOp::times: return part(n.a) * number(n.k);
      case TermOp::divided_by: return z3::expr(c_, Z3_mk_div(c_, part(n.a), number(n.k)));
      case TermOp::multiple_of: return z3::mod(part(n.a), number(n.k)) == number(0);
      case TermOp::power_of_two: return power_of_two(n.a);
      case TermOp::to_number: return to_number(n.a);
    }
    return c_.bool_val(false);
  }

  z3::context& c_;
  const Terms& terms_;
  std::unordered_set<Id> met_;
  std::unordered_map<Id, z3::expr> done_;
  std::unordered_map<u32, z3::expr> symbols_;
};

// Those of `kept` that share unknowns with `wanted`, also through one another.
std::vector<const Constraint*> concerned(std::span<const Constraint> kept,
                                         std::span<const Constraint> wanted) {
  std::unordered_map<u32, std::vector<const Constraint*>> by_symbol;
  for (const Constraint& c : kept)
    for (const u32 s : c.symbols) by_symbol[s].push_back(&c);
  std::vector<const Constraint*> out;
  std::unordered_set<u32> reached;
  std::unordered_set<const Constraint*> taken;
  std::vector<u32> open;
  for (const Constraint& c : wanted) {
    out.push_back(&c);
    open.insert(open.end(), c.symbols.begin(), c.symbols.end());
  }
  while (!open.empty()) {
    const u32 s = open.back();
    open.pop_back();
    if (!reached.insert(s).second) continue;
    const auto at = by_symbol.find(s);
    if (at == by_symbol.end()) continue;
    for (const Constraint* c : at->second) {
      if (!taken.insert(c).second) continue;
      out.push_back(c);
      open.insert(open.end(), c->symbols.begin(), c->symbols.end());
    }
  }
  return out;
}

u128 value_of(const z3::model& model, const z3::expr& e) {
  const z3::expr v = model.eval(e, true);
  if (v.is_bool()) return v.is_true() ? 1 : 0;
  std::uint64_t number = 0;
  v.is_numeral_u64(number);  // below 2^64, as solve() demands
  return number;
}

u64 rlimit_count(const z3::solver& solver) {
  const z3::stats stats = solver.statistics();
  for (unsigned i = 0; i < stats.size(); ++i)
    if (stats.key(i) == "rlimit count" && stats.is_uint(i)) return stats.uint_value(i);
  return 0;
}

}  // namespace

struct TermSolver::Context {
  z3::context z3;
};

TermSolver::TermSolver() = default;
TermSolver::~TermSolver() = default;

TermSolver::Result TermSolver::solve(const Terms& terms, std::span<const Constraint> kept,
                                     std::span<const Constraint> wanted) {
  if (!context_) context_ = std::make_unique<Context>();
  z3::context& context = context_->z3;
  Translation expressions(context, terms);
  z3::expr_vector conditions(context);
  for (const Constraint* c : concerned(kept, wanted))
    conditions.push_back(expressions.of(c->flag.term));
  const z3::expr zero = context.int_val(0);
  const z3::expr end = context.int_val(fmt::format("{}", u128{1} << 64).c_str());
  for (const auto& [number, symbol] : expressions.symbols())
    if (symbol.is_int()) conditions.push_back(zero <= symbol && symbol < end);

  Result result;
  auto ask = [&](z3::solver solver, unsigned rlimit) {
    z3::params params(context);
    params.set("rlimit", rlimit);
    leave_signals_alone(params);
    solver.set(params);
    for (const z3::expr& c : conditions) solver.add(c);
    const z3::check_result answer = checker::solve(solver);
    work_ = rlimit_count(solver);  // of the context, so far
    if (answer == z3::unsat) result.answer = Answer::impossible;
    if (answer != z3::sat) return;
    result.answer = Answer::satisfied;
    const z3::model model = solver.get_model();
    for (const auto& [number, symbol] : expressions.symbols())
      result.witness.emplace_back(number, value_of(model, symbol));
  };
  ask(z3::solver(context, z3::solver::simple()), rlimit_simple);
  if (result.answer == Answer::undecided && !stop::requested())
    ask(z3::solver(context), rlimit_combined);
  return result;
}

}  // namespace assay::checker

// Whether a mutant can be told from the original in any state that satisfies the invariants.
//
// Both ask the same choices under the same names, so they are compared choice by choice. A
// difference is shown only if the sets of outcomes differ on the Concrete domain as well.
#include <set>
#include <tuple>

#include "checker/prove/obligations.hpp"
#include "checker/solve.hpp"

namespace assay::prove {
namespace {

// Legal, answer or set of allowed answers, state, returned number.
using Outcomes = std::set<std::tuple<bool, std::string, u64, u64>>;

// The answers a step allows: one, or under documented precedence any whose check holds.
std::string answers_of(const Options& options, const Step<Concrete>& k) {
  std::string text = std::to_string(k.code().value());
  if (options.profile->precedence != Precedence::documented || k.held().empty()) return text;
  text.clear();
  for (unsigned e = 1; e < 128; ++e)
    if (k.held().has(static_cast<Errno>(e))) text += std::to_string(e) + " ";
  return text;
}

Outcomes outcomes_of(const Options& options, const Mutation* mutation,
                     const SystemState<Concrete>& before, const Event& event) {
  Outcomes out;
  Choices choices;
  StepContext context;
  context.profile = options.profile;
  context.mutation = mutation;
  context.choices = &choices;
  context.rule = event.rule;
  do {
    SystemState<Concrete> next = before;
    Step<Concrete> k(context);
    apply_rule(event, k, next);
    // What an illegal answer does to the state concerns nobody.
    if (k.illegal() != nullptr) out.emplace(false, "", 0, 0);
    else
      out.emplace(true, answers_of(options, k), hash_values(next),
                  k.has_return() ? k.returned().value() : 0);
  } while (choices.next());
  return out;
}

z3::expr steps_differ(const StepTerms& a, const StepTerms& b) {
  SymFlag same = sym_equal(a.code, b.code);
  for (std::size_t i = 0; i < a.next.size(); ++i) same = same && sym_equal(a.next[i], b.next[i]);
  same = same && sym_equal(a.returned, b.returned) && sym_equal(a.returns_if, b.returns_if);
  const SymFlag legal(a.legal);
  return (!iff(legal, SymFlag(b.legal)) || (legal && !same)).e;
}

// No difference within the shape: is there one beyond it, or one that only the order hides?
MutantAnswer same_in_shape(const Options& options, z3::solver& solver) {
  solver.pop();
  if (checker::solve(solver) != z3::unsat)
    return {Equivalence::unknown, "the same within the shape, perhaps not beyond it", {}, {}};
  if (options.profile->precedence == Precedence::documented)
    return {Equivalence::unknown, "the same where the first check that holds decides", {}, {}};
  return {Equivalence::equivalent, "", {}, {}};
}

MutantAnswer compare_instance(const Job& job, const Instance& instance, const Mutation& mutation) {
  const Options& options = *job.options;
  Premise p = premise_of(job, instance, "call", nullptr);
  StepTerms mutant = job.encoding->step(instance, p.before, "call", *options.profile, &mutation);
  z3::solver solver = bounded_solver(options);
  for (const z3::expr& fact : p.facts) solver.add(fact);
  solver.add(fits_64_bits(p.before));
  solver.add(steps_differ(p.step, mutant));
  solver.push();
  for (const z3::expr& bound : p.bounds) solver.add(bound);
  solver.add(job.encoding->fits_shape(mutant.next));
  const z3::check_result r = checker::solve(solver);
  if (r == z3::unknown) return {Equivalence::unknown, checker::why_unknown(solver), {}, {}};
  if (r == z3::unsat) return same_in_shape(options, solver);
  const z3::model model = solver.get_model();
  MutantAnswer answer{Equivalence::differs, "", job.encoding->decode(model, p.before),
                      event_of(model, instance, p.step)};
  if (outcomes_of(options, nullptr, answer.before, answer.event) ==
      outcomes_of(options, &mutation, answer.before, answer.event)) {
    answer.answer = Equivalence::unknown;
    answer.reason = "the solver's difference does not show when replayed";
  }
  return answer;
}

}  // namespace

MutantAnswer equivalence(const Options& options, const Mutation& mutation) {
  if (options.profile == nullptr || encoding_of(options) == nullptr)
    return {Equivalence::unknown, "no profile, or a shape with an empty table", {}, {}};
  FreshContext scope;
  const Hypothesis hypothesis = all_invariants(*options.profile);
  const Job job{encoding_of(options), &options, &hypothesis, nullptr};
  MutantAnswer undecided{Equivalence::equivalent, "", {}, {}};
  for (const Instance& i : instances_of(job)) {
    if (i.rule != mutation.rule) continue;
    MutantAnswer answer = compare_instance(job, i, mutation);
    if (answer.answer == Equivalence::differs) return answer;
    if (answer.answer == Equivalence::unknown) undecided = answer;
  }
  return undecided;
}

}  // namespace assay::prove

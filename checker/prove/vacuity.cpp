// Whether every outcome of every rule can happen: a check that never decides proves nothing by
// being right.
#include "checker/prove/search.hpp"
#include "checker/solve.hpp"
#include "traces/stop.hpp"

namespace assay::prove {
namespace {

std::vector<Outcome> outcomes_of_rule(const Job& job, u32 rule) {
  std::vector<Outcome> outcomes;
  auto note = [&](std::size_t at, const CheckTerm& check, z3::check_result in_shape,
                  z3::check_result anywhere) {
    if (at == outcomes.size()) {
      Outcome o;
      o.rule = job.encoding->system().rules()[rule].name;
      o.check = check.id;
      o.code = check.code;
      o.kind = check.kind;
      o.possible = Possible::unsatisfiable;
      outcomes.push_back(o);
    }
    Possible& p = outcomes[at].possible;
    if (in_shape == z3::sat) p = Possible::satisfiable;
    else if (p == Possible::unsatisfiable && anywhere != z3::unsat) p = Possible::unknown;
    outcomes[at].reason = p == Possible::unknown
                              ? in_shape == z3::unsat ? "perhaps beyond the shape" : "undecided"
                              : "";
  };
  for (const Instance& i : instances_of(job)) {
    if (i.rule != rule) continue;
    Premise p = premise_of(job, i, "call", job.options->mutation);
    p.step.checks.push_back({"success", 0, Errno::ok, VerbKind::reject, p.step.code == 0});
    z3::solver solver = bounded_solver(*job.options);
    for (const z3::expr& fact : p.facts) solver.add(fact);
    for (std::size_t c = 0; c < p.step.checks.size(); ++c) {
      const CheckTerm& check = p.step.checks[c];
      if (c < outcomes.size() && outcomes[c].possible == Possible::satisfiable) continue;
      solver.push();
      solver.add(check.decides);
      if (check.kind != VerbKind::require) solver.add(p.step.legal);
      solver.push();
      for (const z3::expr& bound : p.bounds) solver.add(bound);
      const z3::check_result in_shape = checker::solve(solver);
      solver.pop();
      note(c, check, in_shape, in_shape == z3::unsat ? checker::solve(solver) : in_shape);
      solver.pop();
    }
  }
  return outcomes;
}

// Looks for histories from reset to each satisfiable outcome.
void reach_outcomes(const Job& job, std::vector<Outcome>& outcomes, unsigned depth) {
  std::vector<LastCall> ends;
  std::vector<Outcome*> wanted;
  for (Outcome& o : outcomes) {
    if (o.possible != Possible::satisfiable) continue;
    ends.push_back({job.encoding->system().rule_named(o.rule), Why::hash_of(o.check.c_str()),
                    o.kind, o.check == "success"});
    wanted.push_back(&o);
  }
  std::vector<SearchResult> found = search_calls(job, ends, depth);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].kind != SearchResult::Kind::found) continue;
    wanted[i]->reached = true;
    wanted[i]->history = std::move(found[i].history);
  }
}

}  // namespace

std::vector<Outcome> vacuity(const Options& options, unsigned reach) {
  if (options.profile == nullptr || encoding_of(options) == nullptr) return {};
  const Hypothesis hypothesis = all_invariants(*options.profile);
  const Job job{encoding_of(options), &options, &hypothesis, nullptr};
  std::vector<std::vector<Outcome>> by_rule(system_of(options).rules().size());
  in_shared_contexts(options.jobs, by_rule.size(), [&](std::size_t rule) {
    if (!stop::requested()) by_rule[rule] = outcomes_of_rule(job, static_cast<u32>(rule));
  });
  std::vector<Outcome> outcomes;
  for (auto& list : by_rule) outcomes.insert(outcomes.end(), list.begin(), list.end());
  if (reach > 0) reach_outcomes(job, outcomes, reach);
  return outcomes;
}

}  // namespace assay::prove

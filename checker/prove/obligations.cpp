// Per-rule induction. Expressions are hash-consed, so a conjunct that a rule instance does not
// write is the same object before and after the step: the frame rule is a set lookup.
#include "checker/prove/obligations.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <unordered_set>

#include "checker/properties.hpp"
#include "checker/prove/certificates.hpp"
#include "checker/solve.hpp"
#include "traces/stop.hpp"

namespace assay::prove {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Answer answer_of(z3::check_result r, z3::check_result good) {
  if (r == z3::unknown) return Answer::unknown;
  return r == good ? Answer::holds : Answer::fails;
}

// The touched conjuncts of an invariant after the step, negated and joined.
z3::expr broken_after(const z3::expr& invariant, const std::unordered_set<unsigned>& assumed,
                      unsigned& touched) {
  z3::expr_vector broken(z3_context());
  for (const z3::expr& c : conjuncts_of(invariant)) {
    if (c.is_true() || assumed.count(Z3_get_ast_id(z3_context(), c)) != 0) continue;
    ++touched;
    broken.push_back(!c);
  }
  return z3::mk_or(broken);
}

// A model of a failed step, if it reads back: integers beyond 64 bits are no concrete state.
void keep_obstacle(const Job& job, const Premise& p, const z3::model& model, Obligation& o) {
  try {
    Event e = event_of(model, o.instance, p.step);
    o.obstacle.push_back({job.encoding->decode(model, p.before), e});
  } catch (const std::range_error&) { o.reason = "the state has numbers beyond 64 bits"; }
}

Obligation prove_one(const Job& job, const Premise& p, const Instance& instance, unsigned number,
                     const z3::expr& invariant, const std::unordered_set<unsigned>& assumed,
                     z3::solver& solver) {
  Obligation o{instance, number, 0, Answer::holds, 0, "", {}};
  const auto start = Clock::now();
  z3::expr broken = broken_after(invariant, assumed, o.conjuncts);
  if (o.conjuncts != 0) {
    solver.push();
    solver.add(broken);
    if (job.certificates != nullptr) {
      const bool base = instance.rule == job.encoding->system().creating_rule();
      job.certificates->add({base ? "base" : "step", name_of(job.encoding->system(), instance),
                             claim_names(*job.options->profile)[number], "unsat"},
                            solver.to_smt2());
    }
    const z3::check_result r = checker::solve(solver);
    o.answer = answer_of(r, z3::unsat);
    if (r == z3::unknown) o.reason = checker::why_unknown(solver);
    if (r == z3::sat) keep_obstacle(job, p, solver.get_model(), o);
    solver.pop();
  }
  o.seconds = seconds_since(start);
  return o;
}

}  // namespace

std::vector<z3::expr> conjuncts_of(const z3::expr& e) {
  std::vector<z3::expr> out, todo{e};
  while (!todo.empty()) {
    z3::expr x = todo.back();
    todo.pop_back();
    if (x.is_and())
      for (unsigned i = 0; i < x.num_args(); ++i) todo.push_back(x.arg(i));
    else out.push_back(x);
  }
  return out;
}

z3::solver bounded_solver(const Options& options) {
  z3::solver solver(z3_context());
  z3::params params(z3_context());
  if (options.rlimit != 0)
    params.set("rlimit", static_cast<unsigned>(std::min<u64>(options.rlimit, 0xffffffff)));
  checker::leave_signals_alone(params);
  solver.set(params);
  return solver;
}

const Encoding* encoding_of(const Options& o) { return encoding_for(system_of(o), shape_of(o)); }

const System& system_of(const Options& o) {
  return o.profile != nullptr ? assay::system_of(*o.profile) : default_system();
}

Shape shape_of(const Options& o) { return o.shape.grows() ? system_of(o).usual_shape() : o.shape; }

std::vector<std::string> claim_names(const Profile& profile) {
  std::vector<std::string> names = invariant_names(assay::system_of(profile));
  for (const checker::PropertyInfo& p : checker::properties_of(profile).list())
    names.push_back(p.name);
  return names;
}

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Hypothesis all_invariants(const Profile& profile) { return {invariants_of(profile), nullptr}; }

z3::expr fits_64_bits(const Terms& state) {
  z3::expr_vector bounds(z3_context());
  z3::expr limit = power_of_two(SymWord<8>(64)).e;
  for (const z3::expr& e : state)
    if (e.is_int() && !e.is_numeral()) bounds.push_back(e < limit);
  return z3::mk_and(bounds);
}

Event event_of(const z3::model& model, const Instance& instance, const StepTerms& step) {
  Event e;
  e.rule = instance.rule;
  e.handle = instance.handle;
  for (std::size_t i = 0; i < step.arguments.size(); ++i)
    e.value[i] = value_in(model, step.arguments[i]);
  e.answer = static_cast<Errno>(value_in(model, step.code));
  e.answered = true;
  if (value_in(model, step.returns_if) != 0 && e.answer == Errno::ok) {
    e.has_returned = true;
    e.returned = value_in(model, step.returned);
  }
  return e;
}

Premise premise_of(const Job& job, const Instance& instance, const std::string& prefix,
                   const Mutation* mutation) {
  const Encoding& enc = *job.encoding;
  const bool creates = instance.rule == job.encoding->system().creating_rule();
  Terms unknown = enc.unknown_state("s");
  Terms before = creates ? enc.reset_state(unknown) : unknown;
  StepTerms step = enc.step(instance, before, prefix, *job.options->profile, mutation);
  Premise p{before, {}, {}, std::move(step)};
  p.bounds = {enc.fits_shape(before), enc.fits_shape(p.step.next)};
  p.facts = {enc.host_is_possible(before)};
  if (!creates) {
    p.facts.push_back(enc.is_created(before));
    Terms invariants = enc.invariants(before);
    for (std::size_t i = 0; i < invariants.size(); ++i)
      if (job.hypothesis->assumed[i]) p.facts.push_back(invariants[i]);
  }
  if (job.hypothesis->extra) p.facts.push_back(job.hypothesis->extra(before));
  p.facts.push_back(p.step.possible);
  return p;
}

InstanceAnswer prove_instance(const Job& job, const Instance& instance, bool asks_premise) {
  Premise p = premise_of(job, instance, "call", job.options->mutation);
  InstanceAnswer answer{instance, Answer::unknown, {}};
  z3::solver solver = bounded_solver(*job.options);
  std::unordered_set<unsigned> assumed;
  std::vector<z3::expr> kept;  // ids stay unique only while their expressions live
  p.facts.push_back(p.step.legal);
  p.facts.insert(p.facts.end(), p.bounds.begin(), p.bounds.end());
  for (const z3::expr& fact : p.facts)
    for (const z3::expr& c : conjuncts_of(fact)) {
      solver.add(c);
      kept.push_back(c);
      assumed.insert(Z3_get_ast_id(z3_context(), c));
    }
  if (job.certificates != nullptr)
    job.certificates->add({"consistent", name_of(job.encoding->system(), instance), "", "sat"},
                          solver.to_smt2());
  answer.premise = asks_premise ? answer_of(checker::solve(solver), z3::sat) : Answer::holds;
  const auto is_asked = [&](unsigned claim) { return job.asked == nullptr || (*job.asked)[claim]; };
  Terms after = job.encoding->invariants(p.step.next);
  for (unsigned i = 0; i < after.size(); ++i)
    if (job.hypothesis->assumed[i] && is_asked(i))
      answer.obligations.push_back(prove_one(job, p, instance, i, after[i], assumed, solver));
  if (job.asked == nullptr) return answer;
  const std::vector<std::string> names = claim_names(*job.options->profile);
  for (const PropertyTerm& kept : job.encoding->properties(
           instance, p.before, "call", *job.options->profile, job.options->mutation)) {
    // What is an invariant under one profile may be a question under another: properties come last.
    const auto properties =
        names.begin() + static_cast<std::ptrdiff_t>(job.hypothesis->assumed.size());
    const auto at = std::find(properties, names.end(), kept.name);
    const auto number = static_cast<unsigned>(at - names.begin());
    if (!is_asked(number)) continue;
    answer.obligations.push_back(prove_one(job, p, instance, number, kept.holds, assumed, solver));
  }
  return answer;
}

std::vector<Instance> instances_of(const Job& job) {
  std::vector<Instance> all = instances_of(job.encoding->shape(), *job.options->profile);
  std::erase_if(all, [&](const Instance& i) {
    return is_among(job.options->without, job.encoding->system().rules()[i.rule].name);
  });
  return all;
}

// Z3 takes milliseconds to make a context and tens of them to take one down, however little is left
// in it: with one for each instance that was half of the time of a proof.
void in_shared_contexts(unsigned jobs, std::size_t count,
                        const std::function<void(std::size_t)>& body) {
  constexpr std::size_t shared_by = 16;
  const std::size_t contexts = (count + shared_by - 1) / shared_by;
  in_parallel(jobs, contexts, [&](std::size_t context) {
    FreshContext scope;
    // Neighbours are often instances of one rule, and as much work: they are dealt out.
    for (std::size_t i = context; i < count; i += contexts) body(i);
  });
}

std::vector<InstanceAnswer> prove_instances(const Job& job,
                                            const std::vector<Instance>& instances) {
  std::vector<InstanceAnswer> answers(instances.size());
  std::mutex reporting;
  std::size_t done = 0;
  in_shared_contexts(job.options->jobs, instances.size(), [&](std::size_t i) {
    answers[i].instance = instances[i];
    if (stop::requested()) return;  // no formula is built any more
    const bool is_known = job.satisfiable_premises != nullptr && (*job.satisfiable_premises)[i];
    answers[i] = prove_instance(job, instances[i], !is_known);
    if (!job.options->progress) return;
    std::lock_guard lock(reporting);
    job.options->progress(++done, instances.size());
  });
  return answers;
}

Answer hypothesis_is_satisfiable(const Job& job) {
  FreshContext scope;
  const Encoding& enc = *job.encoding;
  Terms s = enc.unknown_state("s");
  z3::solver solver = bounded_solver(*job.options);
  solver.add(enc.host_is_possible(s));
  solver.add(enc.fits_shape(s));
  solver.add(enc.is_created(s));
  Terms invariants = enc.invariants(s);
  for (std::size_t i = 0; i < invariants.size(); ++i)
    if (job.hypothesis->assumed[i]) solver.add(invariants[i]);
  if (job.hypothesis->extra) solver.add(job.hypothesis->extra(s));
  if (job.certificates != nullptr)
    job.certificates->add({"consistent", "hypothesis", "", "sat"}, solver.to_smt2());
  return answer_of(checker::solve(solver), z3::sat);
}

}  // namespace assay::prove

// Induction, obligation by obligation: the engine under prove(), severities() and the tests.
#pragma once
#include "checker/prove/encoding.hpp"
#include "checker/prove/prove.hpp"
#include "gen/parallel.hpp"

namespace assay::prove {

class CertificateWriter;

// What induction may assume. `extra` exists for tests of the consistency check.
struct Hypothesis {
  std::vector<bool> assumed;  // by invariant number
  std::function<z3::expr(const Terms&)> extra;
};

enum class Answer { holds, fails, unknown };

// One rule instance and one invariant.
struct Obligation {
  Instance instance;
  unsigned invariant = 0;  // its number; those of properties follow (see claim_names)
  unsigned conjuncts = 0;  // touched; 0: holds by framing
  Answer answer = Answer::unknown;
  double seconds = 0;
  std::string reason;
  std::vector<Obstacle> obstacle;
};

// All obligations of one rule instance, and whether its premise has a model.
struct InstanceAnswer {
  Instance instance;
  Answer premise = Answer::unknown;  // holds: satisfiable
  std::vector<Obligation> obligations;
};

struct Job {
  const Encoding* encoding = nullptr;
  const Options* options = nullptr;
  const Hypothesis* hypothesis = nullptr;
  CertificateWriter* certificates = nullptr;
  // Instances, by number, whose premise is known to have a model: one assumed less of it since.
  const std::vector<bool>* satisfiable_premises = nullptr;
  // Claims to be proved, by number; null: the invariants that are assumed, and no property of
  // steps.
  const std::vector<bool>* asked = nullptr;
};

// `asks_premise`: whether to ask if the premise has a model.
InstanceAnswer prove_instance(const Job& job, const Instance& instance, bool asks_premise);
// Calls body(0) to body(count - 1) in parallel, a few of them in one Z3 context. Which share one
// depends on `count` alone, and so do answers: not on the number of threads.
void in_shared_contexts(unsigned jobs, std::size_t count,
                        const std::function<void(std::size_t)>& body);

// In parallel, in the order of `instances`.
std::vector<InstanceAnswer> prove_instances(const Job& job, const std::vector<Instance>& instances);

// The instances that a job's histories may have: without the rules that its options leave out.
std::vector<Instance> instances_of(const Job& job);

bool is_among(const std::vector<std::string>& names, const std::string& name);

// Invariants by number, and after them the profile's properties of steps.
std::vector<std::string> claim_names(const Profile& profile);

// Satisfiability of the hypothesis alone.
Answer hypothesis_is_satisfiable(const Job& job);

// --- pieces shared with search, mutants and vacuity ---------------------------------------------
// The premise of a step from `before`: hypothesis, host and bounds. Legality of the step is the
// user's to add, as `step.legal`.
struct Premise {
  Terms before;
  std::vector<z3::expr> facts;
  std::vector<z3::expr> bounds;  // of the shape, before and after the step
  StepTerms step;
};
Premise premise_of(const Job& job, const Instance& instance, const std::string& prefix,
                   const Mutation* mutation);
std::vector<z3::expr> conjuncts_of(const z3::expr& e);
// A solver with the options' resource bound.
z3::solver bounded_solver(const Options& options);
// Every integer of a state is below 2^64: what the Concrete domain can hold.
z3::expr fits_64_bits(const Terms& state);
Event event_of(const z3::model& model, const Instance& instance, const StepTerms& step);
const Encoding* encoding_of(const Options& options);
Hypothesis all_invariants(const Profile& profile);

// prove() with another hypothesis; for tests of the consistency check.
Report prove_under(const Options& options, Hypothesis hypothesis);

}  // namespace assay::prove

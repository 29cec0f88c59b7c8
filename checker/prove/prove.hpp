// Proofs of the specification's invariants, and what follows from them.
//
//   prove()        each invariant, for every host and every history that fits a shape: by
//                  induction rule by rule; where that fails, a shortest history from reset
//   severities()   which claims each check, guard and effect carries: leave it out and prove again
//   equivalence()  whether a mutant of the specification differs from it at all
//   vacuity()      whether every outcome of every rule can happen
//
// A proof of an invariant stands on all invariants it was proved together with, and says
// *consistent* (the hypothesis has a model, and so has each rule's premise), *base* (a new VM
// satisfies it) and *step* (no rule breaks it). Solver bounds are resources, never wall clock, and
// "unknown" is never a pass. Every history is replayed on the Concrete domain before it is shown.
//
// Rules are read with exact precedence (the first check that holds decides) in every profile.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "spec/system.hpp"

namespace assay::prove {

// A history from reset, made and answered by the (possibly mutated) specification.
struct History {
  SystemHost host;
  std::vector<Event> events;
};

// Where a search begins that does not begin at reset.
struct Start {
  History history;              // that leads there
  SystemState<Concrete> state;  // which it ends in
};

struct Options {
  // Sizes of the bounded tables by the system's dimensions, each at least 1; of none:
  // usual_shape().
  Shape shape;
  const Profile* profile = nullptr;  // required
  std::vector<std::string> names;    // of invariants to report; empty: all
  unsigned depth = 8;                // longest history searched where induction fails; 0: none
  std::string certificate_dir;       // SMT-LIB files are left here; empty: none
  unsigned jobs = 2;
  u64 rlimit = 400'000'000;  // per query, in Z3's units of work; 0: no bound
  const Mutation* mutation = nullptr;
  std::vector<std::string> without;    // rules whose events no history has
  std::shared_ptr<const Start> after;  // find(): histories go on from here; none: from reset
  // find(): why a trace cannot tell this history, empty when it can. The search goes on without the
  // calls of one that it cannot.
  std::function<std::string(const History&)> objection;
  // Called from worker threads, one at a time: obligations done, obligations known so far.
  std::function<void(std::size_t done, std::size_t total)> progress;
  // Asked every now and then by searches, from any thread: true ends them with "interrupted".
  std::function<bool()> stop;
};

// The shape that is meant, and the system of the options' profile.
Shape shape_of(const Options& options);
const System& system_of(const Options& options);

enum class Verdict { proved, violated, unknown, disagreement };
std::string_view name_of(Verdict v);

// What a bounded search for a history answers.
struct SearchResult {
  enum class Kind { found, none, unknown, disagreement } kind = Kind::none;
  unsigned depth = 0;  // found: events of the history; none: none up to this many; unknown: cut
                       // short among histories of this many
  std::string reason;
  History history;
  unsigned left_out = 0;  // histories of the solver's that no trace tells, and why the last was one
  std::string left_out_why;
  // none: a shape with more of something, in which there may be a history all the same; else all
  // zeros.
  Shape larger;
};

// What one rule means for one invariant.
struct RuleTime {
  std::string rule;  // "pmu_init(vcpu 1)"
  double seconds = 0;
  unsigned conjuncts = 0;  // of the invariant, touched by the rule; 0: nothing to prove
  bool holds = false;
};

// A step from a state that satisfies the hypothesis to one that does not; not always reachable.
struct Obstacle {
  SystemState<Concrete> before;
  Event event;
};

struct Result {
  std::string name;
  std::string source;
  Verdict verdict = Verdict::unknown;
  std::string reason;  // why unknown or disagreement, or under which rule it breaks
  bool consistent = false, base = false, step = false;
  bool by_search = false;  // a short history refutes it; induction was not asked
  std::vector<RuleTime> rules;
  History counterexample;  // violated: the shortest
  std::vector<Obstacle> obstacles;
};

struct Report {
  std::vector<Result> results;
  std::string refusal;      // not empty: nothing was done (unsupported shape, unknown name)
  std::string assumptions;  // what the proofs are bounded by
  unsigned asked = 0;       // queries to the solver, all rounds
  unsigned framed = 0;      // obligations that hold because the rule writes nothing they read
  unsigned certificates = 0;
  unsigned rounds = 0;  // of induction; more than one when an invariant failed
  double seconds = 0;
};

Report prove(const Options& options);

// --- what the specification consists of ---------------------------------------------------------
// A check or a guard, or an effect, and the claims that it carries: invariants and properties of
// steps that hold, and that its rule breaks once it is left out. The step that shows it starts from
// a state that satisfies all invariants that hold; whether a history leads to that state is not
// asked (`assay prove --drop` and traces of the corpus show histories).
struct Severity {
  std::string rule;
  std::string part;        // the check's id, or the place that the effect writes
  bool is_effect = false;  // false: a check or a guard
  Mutation mutation;
  std::vector<std::string> carries;
  std::vector<std::string> unknown;  // claims that the solver could not decide
  std::string name() const;          // "pmu_init.interrupt_has_owner", "spe_sync.vcpu[].spe.line"
  std::string text() const;          // "load-bearing for x, y", "interface only"
};
enum class Parts : unsigned char { checks, all };  // checks: no effects
// Of every part, or of one rule's. Where options.names is not empty, only those claims are looked
// at. `proved`: what prove() says of all claims under the same profile and shape, where that is
// known already.
std::vector<Severity> severities(const Options& options, const std::string& rule = "",
                                 Parts parts = Parts::all, const Report* proved = nullptr);

// `equivalent` is claimed only if no state of any size tells the two apart as far as the bounded
// tables show it; a difference that needs more than the shape is `unknown` with that reason.
enum class Equivalence { equivalent, differs, unknown };
struct MutantAnswer {
  Equivalence answer = Equivalence::unknown;
  std::string reason;
  SystemState<Concrete> before;  // differs: in this state, which satisfies all invariants,
  Event event;                   // this call (with the original's answer) tells the two apart
};
MutantAnswer equivalence(const Options& options, const Mutation& mutation);

enum class Possible { satisfiable, unsatisfiable, unknown };
// `unknown` with a reason: an outcome that only happens beyond the shape ("more than 8 vCPUs").
struct Outcome {
  std::string rule, check;  // check "success": no check fired
  Errno code = Errno::ok;
  VerbKind kind = VerbKind::reject;
  Possible possible = Possible::unknown;
  std::string reason;
  bool reached = false;  // a history from reset shows it
  History history;
};
// `reach`: longest history to look for a witness from reset; 0: none.
std::vector<Outcome> vacuity(const Options& options, unsigned reach = 0);

// --- certificates -------------------------------------------------------------------------------
struct SolverCount {
  std::string solver;
  bool installed = false;
  unsigned agreed = 0, disagreed = 0, unknown = 0;
  std::vector<std::string> objections;  // files decided otherwise, or not at all
};
// Runs every external solver that is installed over the directory's MANIFEST.
std::vector<SolverCount> verify_certificates(const std::string& dir, unsigned seconds_per_file = 20,
                                             unsigned jobs = 2);

}  // namespace assay::prove

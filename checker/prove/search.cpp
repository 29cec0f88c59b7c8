// Unrolling, depth by depth.
#include "checker/prove/search.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "checker/properties.hpp"
#include "checker/prove/path.hpp"
#include "checker/solve.hpp"

namespace assay::prove {
namespace {

bool is_same(const z3::expr& a, const z3::expr& b) { return z3::eq(a, b); }

bool changes_state(const Terms& before, const Terms& after) {
  for (std::size_t i = 0; i < before.size(); ++i)
    if (!is_same(before[i], after[i])) return true;
  return false;
}

constexpr unsigned pick_bits = 16;  // of the unknown that picks an instance

// The rule instances that can change a state at all.
std::vector<Instance> moving_instances(const Job& job) {
  const Encoding& enc = *job.encoding;
  const Terms s = enc.unknown_state("s");
  std::vector<Instance> out;
  for (const Instance& i : instances_of(job)) {
    if (i.rule == enc.system().creating_rule()) continue;
    StepTerms step = enc.step(i, s, "call", *job.options->profile, job.options->mutation);
    if (changes_state(s, step.next)) out.push_back(i);
  }
  return out;
}

// Which leaves of a state expressions read.
class Reads {
 public:
  explicit Reads(const Terms& state) : read_(state.size()) {
    for (std::size_t i = 0; i < state.size(); ++i) leaf_[Z3_get_ast_id(z3_context(), state[i])] = i;
  }
  void add(const z3::expr& e) {
    std::vector<z3::expr> todo{e};
    while (!todo.empty()) {
      const z3::expr x = todo.back();
      todo.pop_back();
      if (!x.is_app() || !seen_.insert(Z3_get_ast_id(z3_context(), x)).second) continue;
      kept_.push_back(x);
      if (auto at = leaf_.find(Z3_get_ast_id(z3_context(), x)); at != leaf_.end())
        read_[at->second] = true;
      for (unsigned i = 0; i < x.num_args(); ++i) todo.push_back(x.arg(i));
    }
  }
  bool operator[](std::size_t leaf) const { return read_[leaf]; }
  std::size_t size() const { return kept_.size(); }  // expressions looked at

 private:
  std::vector<bool> read_;
  std::unordered_map<unsigned, std::size_t> leaf_;
  std::unordered_set<unsigned> seen_;
  std::vector<z3::expr> kept_;  // ids stay unique only while their expressions live
};

// The moving instances that what `roots` reads may depend on. A history without the others is a
// history too, and reaches the same: shortest ones have none of them.
std::vector<Instance> instances_near(const Job& job, const Terms& s,
                                     const std::vector<z3::expr>& roots) {
  struct Candidate {
    Instance instance;
    StepTerms step;
    bool taken = false;
  };
  std::vector<Candidate> candidates;
  for (const Instance& i : moving_instances(job))
    candidates.push_back(
        {i, job.encoding->step(i, s, "call", *job.options->profile, job.options->mutation)});
  Reads reads(s);
  for (const z3::expr& root : roots) reads.add(root);
  for (std::size_t seen = 0; seen != reads.size();) {
    seen = reads.size();
    for (Candidate& c : candidates) {
      for (std::size_t i = 0; i < s.size(); ++i) {
        if (is_same(c.step.next[i], s[i]) || !reads[i]) continue;
        reads.add(c.step.next[i]);
        if (c.taken) continue;
        for (const z3::expr& guard : {c.step.legal, c.step.possible, c.step.code}) reads.add(guard);
        c.taken = true;
      }
    }
  }
  std::vector<Instance> out;
  for (const Candidate& c : candidates)
    if (c.taken) out.push_back(c.instance);
  return out;
}

// States s0 (reset), s1 (a VM exists), s2, ... each one step after the last; or s0 (where the
// options say), s1, s2, ...
class Unrolling {
 public:
  // `fits`: what a state must be to fit the shape; none: Encoding::fits_shape().
  using Fits = std::function<z3::expr(const Terms&)>;
  Unrolling(const Job& job, std::vector<Instance> instances, Fits fits = {})
      : job_(job),
        solver_(bounded_solver(*job.options)),
        instances_(std::move(instances)),
        fits_(fits ? std::move(fits)
                   : [&enc = *job.encoding](const Terms& s) { return enc.fits_shape(s); }) {
    const Encoding& enc = *job.encoding;
    if (job.options->after) {
      states_ = {enc.state_constants(job.options->after->state)};
      return;
    }
    Terms reset = enc.reset_state(enc.unknown_state("s"));
    solver_.add(enc.host_is_possible(reset));
    StepTerms create = enc.step({enc.system().creating_rule(), 0}, reset, "call0",
                                *job.options->profile, job.options->mutation);
    solver_.add(create.possible && create.legal && fits_(create.next));
    solver_.add(enc.is_created(create.next));
    states_ = {reset, create.next};
  }

  unsigned depth() const { return static_cast<unsigned>(states_.size()) - 1; }
  const Terms& last() const { return states_.back(); }
  z3::solver& solver() { return solver_; }

  // One more step, by any rule instance that can change the state. A shortest history has no
  // other steps.
  void extend() {
    const Encoding& enc = *job_.encoding;
    z3::context& c = z3_context();
    const std::string at = std::to_string(depth());
    const Terms& before = states_.back();
    z3::expr pick = c.bv_const(("pick" + at).c_str(), pick_bits);
    Terms next = before;
    z3::expr_vector legal(c);
    for (unsigned n = 0; n < instances_.size(); ++n) {
      StepTerms step = enc.step(instances_[n], before, "call" + at, *job_.options->profile,
                                job_.options->mutation);
      z3::expr taken = pick == c.bv_val(n, pick_bits);
      for (std::size_t i = 0; i < next.size(); ++i)
        if (!is_same(step.next[i], before[i])) next[i] = z3::ite(taken, step.next[i], next[i]);
      legal.push_back(
          z3::implies(taken, step.possible && can_be_shown(enc.system(), instances_[n], step)));
    }
    Terms named = enc.unknown_state("s" + at);
    for (std::size_t i = 0; i < next.size(); ++i) {
      if (is_same(next[i], before[i])) named[i] = before[i];
      else solver_.add(named[i] == next[i]);
    }
    solver_.add(z3::mk_and(legal));
    solver_.add(z3::ult(pick, c.bv_val(static_cast<unsigned>(instances_.size()), pick_bits)));
    solver_.add(fits_(named));
    Terms known = enc.invariants(named);
    for (std::size_t i = 0; i < known.size(); ++i)
      if (job_.hypothesis->assumed[i]) solver_.add(known[i]);
    states_.push_back(named);
    picks_.push_back(pick);
    left_out_.clear();
  }

  // The path of a model is looked at no more, at this depth.
  void leave_out(const z3::model& model) {
    z3::expr_vector same(z3_context());
    for (const z3::expr& pick : picks_)
      same.push_back(pick == z3_context().bv_val(value_in(model, pick), pick_bits));
    left_out_.push_back(!z3::mk_and(same));
  }
  const std::vector<z3::expr>& left_out() const { return left_out_; }

  // The instances that a model took, from create_vm on.
  std::vector<Instance> path(const z3::model& model) const {
    std::vector<Instance> out;
    if (!job_.options->after) out.push_back({job_.encoding->system().creating_rule(), 0});
    for (const z3::expr& pick : picks_) out.push_back(instances_[value_in(model, pick)]);
    return out;
  }

 private:
  const Job& job_;
  z3::solver solver_;
  std::vector<Instance> instances_;
  Fits fits_;
  std::vector<Terms> states_;
  std::vector<z3::expr> picks_;
  std::vector<z3::expr> left_out_;  // conditions of paths to be found
};

// Asks `stop` while it lives, and interrupts this thread's Z3 context when the answer is yes.
class Interrupter {
 public:
  explicit Interrupter(const std::function<bool()>& stop) {
    if (!stop) return;
    watcher_ = std::jthread([this, &stop, &context = z3_context()](std::stop_token done) {
      while (!done.stop_requested()) {
        if (stop()) {
          stopped_ = true;
          context.interrupt();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    });
  }
  bool stopped() const { return stopped_; }

 private:
  std::atomic<bool> stopped_{false};
  std::jthread watcher_;  // ends before the flag
};

// Checks one goal at the present depth; nothing when it is not reached there.
std::optional<SearchResult> try_goal(const Job& job, Unrolling& u, const z3::expr& goal,
                                     const std::function<Path(std::vector<Instance>)>& make) {
  u.solver().push();
  u.solver().add(goal);
  for (const z3::expr& other : u.left_out()) u.solver().add(other);
  const z3::check_result r = checker::solve(u.solver());
  std::optional<SearchResult> result;
  if (r == z3::unknown) {
    result.emplace();
    result->kind = SearchResult::Kind::unknown;
    result->depth = u.depth();
    result->reason = checker::why_unknown(u.solver());
  } else if (r == z3::sat) {
    const z3::model model = u.solver().get_model();
    result = solve_path(job, make(u.path(model)));
    u.leave_out(model);
    // The path alone must have a model too: "none" here would hide what was found.
    if (result->kind == SearchResult::Kind::none) result->kind = SearchResult::Kind::disagreement;
    if (result->kind != SearchResult::Kind::found) result->depth = u.depth();
  }
  u.solver().pop();
  return result;
}

}  // namespace

namespace {

// More than these histories that will not do, and the search gives up.
constexpr unsigned objections_max = 32;

// Searches at the present depth: what was found, or that it is undecided; nothing where nothing is.
std::optional<SearchResult> try_depth(const Job& job, Unrolling& u, const Goal& goal,
                                      const std::function<std::string(const History&)>& objection,
                                      SearchResult& so_far) {
  const auto make = [&](std::vector<Instance> instances) {
    return Path{std::move(instances), [&goal, &job](const LastStep& s) {
                  return can_be_shown(job.encoding->system(), s.instance, s.step) &&
                         goal(*job.encoding, s.step.next);
                }};
  };
  while (auto r = try_goal(job, u, goal(*job.encoding, u.last()), make)) {
    const std::string why =
        r->kind == SearchResult::Kind::found && objection ? objection(r->history) : std::string();
    if (why.empty()) return r;
    so_far.left_out_why = why;
    if (++so_far.left_out < objections_max) continue;
    r->kind = SearchResult::Kind::disagreement;
    r->reason = why;
    return r;
  }
  return std::nullopt;
}

}  // namespace

SearchResult search_state(const Job& job, const Goal& goal, unsigned depth,
                          const std::function<void(unsigned)>& searched,
                          const std::function<std::string(const History&)>& objection) {
  FreshContext scope;
  const Interrupter interrupter(job.options->stop);
  SearchResult result;
  result.depth = std::min(1u, depth);
  try {
    const Terms s = job.encoding->unknown_state("s");
    Unrolling u(job, instances_near(job, s, {goal(*job.encoding, s)}));
    if (u.depth() == 0) u.extend();
    for (; u.depth() <= depth && !interrupter.stopped(); u.extend()) {
      result.depth = u.depth();
      if (auto r = try_depth(job, u, goal, objection, result)) {
        if (interrupter.stopped() && r->kind != SearchResult::Kind::found) break;
        r->left_out = result.left_out;
        r->left_out_why = result.left_out_why;
        return *r;
      }
      if (searched) searched(u.depth());
      if (u.depth() == depth) return result;
    }
  } catch (const z3::exception&) {  // how Z3 says that it was interrupted outside of a check
    if (!interrupter.stopped()) throw;
  }
  if (interrupter.stopped()) {
    result.kind = SearchResult::Kind::unknown;
    result.reason = "interrupted";
  }
  return result;
}

namespace {

// For each dimension of which histories make more: the leaf that counts them.
std::vector<std::pair<std::size_t, std::size_t>> counted_leaves(const Encoding& enc) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  const auto dimensions = enc.system().info().dimensions;
  const Terms s = enc.unknown_state("s");
  for (std::size_t d = 0; d < dimensions.size(); ++d)
    for (std::size_t leaf = 0; leaf < s.size(); ++leaf)
      if (!dimensions[d].counted_by.empty() &&
          s[leaf].decl().name().str() == "s." + std::string(dimensions[d].counted_by))
        out.emplace_back(d, leaf);
  return out;
}

z3::expr at_most(const z3::expr& count, unsigned size) {
  z3::context& c = z3_context();
  return count.is_int() ? count <= c.int_val(size)
                        : z3::ule(count, c.bv_val(size, count.get_sort().bv_size()));
}

}  // namespace

Shape shape_beyond(const Job& job, const Goal& goal, unsigned depth) {
  FreshContext scope;
  const Interrupter interrupter(job.options->stop);
  const Encoding& enc = *job.encoding;
  Shape larger;
  try {
    const auto counted = counted_leaves(enc);
    const auto fits_with_one_more = [&](const Terms& s) {
      z3::expr all = z3_context().bool_val(true);
      for (const auto& [d, leaf] : counted) all = all && at_most(s[leaf], enc.shape().size[d] + 1);
      return all;
    };
    const Terms s = enc.unknown_state("s");
    Unrolling u(job, instances_near(job, s, {goal(enc, s)}), fits_with_one_more);
    while (u.depth() < depth) u.extend();
    u.solver().add(goal(enc, u.last()));
    // What need not be beyond its table is not.
    z3::expr_vector bounds(z3_context());
    std::vector<std::size_t> beyond;
    if (checker::solve(u.solver()) != z3::sat) return larger;
    for (const auto& [d, leaf] : counted) {
      bounds.push_back(at_most(u.last()[leaf], enc.shape().size[d]));
      if (checker::solve(u.solver(), bounds) == z3::sat) continue;
      bounds.pop_back();
      beyond.push_back(d);
    }
    if (beyond.empty()) return larger;
    larger = enc.shape();
    for (const std::size_t d : beyond) ++larger.size[d];
  } catch (const z3::exception&) {
    if (!interrupter.stopped()) throw;
    return {};
  }
  return larger;
}

namespace {

z3::expr ends_in(const StepTerms& step, const LastCall& end) {
  if (end.success) return step.legal && step.code == 0;
  z3::expr decides = z3_context().bool_val(false);
  for (const CheckTerm& c : step.checks)
    if (c.hash == end.hash && c.kind == end.kind) decides = decides || c.decides;
  return end.kind == VerbKind::require ? decides : decides && step.legal;
}

using End = std::function<z3::expr(const LastStep&)>;

// The history whose last event is of the rule and ends as wanted, if there is one of this depth.
std::optional<SearchResult> try_last_event(const Job& job, Unrolling& u, u32 rule, const End& end) {
  const Encoding& enc = *job.encoding;
  for (const Instance& i : instances_of(job)) {
    if (i.rule != rule) continue;
    const StepTerms last =
        enc.step(i, u.last(), "last", *job.options->profile, job.options->mutation);
    const auto make = [&](std::vector<Instance> instances) {
      instances.push_back(i);
      return Path{std::move(instances), end};
    };
    z3::expr goal = last.possible && enc.fits_shape(last.next) && end({i, u.last(), "last", last});
    if (auto r = try_goal(job, u, goal, make)) return r;
  }
  return std::nullopt;
}

// The step breaks the property and could be shown by a trace.
z3::expr breaks(const Job& job, const LastStep& s, const std::string& property) {
  for (const PropertyTerm& p : job.encoding->properties(
           s.instance, s.before, s.prefix, *job.options->profile, job.options->mutation))
    if (p.name == property)
      return can_be_shown(job.encoding->system(), s.instance, s.step) && !p.holds;
  return z3_context().bool_val(false);
}

}  // namespace

SearchResult search_step(const Job& job, const std::string& property, unsigned depth) {
  FreshContext scope;
  const auto& all = checker::properties_of(*job.options->profile).list();
  const auto info =
      std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.name == property; });
  const End end = [&](const LastStep& s) { return breaks(job, s, property); };
  const Terms s = job.encoding->unknown_state("s");
  std::vector<z3::expr> roots;
  for (const Instance& i : instances_of(job)) {
    if (std::find(info->rules.begin(), info->rules.end(), i.rule) == info->rules.end()) continue;
    const StepTerms step = job.encoding->step(i, s, "last", *job.options->profile, nullptr);
    roots.push_back(step.possible && end({i, s, "last", step}));
  }
  Unrolling u(job, instances_near(job, s, roots));
  SearchResult result;
  for (; u.depth() < depth; u.extend())
    for (u32 rule : info->rules)
      if (auto r = try_last_event(job, u, rule, end)) return *r;
  result.depth = depth;
  return result;
}

std::vector<SearchResult> search_calls(const Job& job, const std::vector<LastCall>& ends,
                                       unsigned depth) {
  FreshContext scope;
  std::vector<SearchResult> results(ends.size());
  std::vector<bool> decided(ends.size(), false);
  const u32 creating = job.encoding->system().creating_rule();
  auto end_of = [](const LastCall& end) {
    return [&end](const LastStep& s) { return ends_in(s.step, end); };
  };
  for (std::size_t i = 0; i < ends.size(); ++i) {
    results[i].depth = depth;
    if (ends[i].rule != creating) continue;
    results[i] = solve_path(job, {{{creating, 0}}, end_of(ends[i])});
    decided[i] = true;
  }
  Unrolling u(job, moving_instances(job));
  for (; u.depth() < depth; u.extend())
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (decided[i]) continue;
      if (auto r = try_last_event(job, u, ends[i].rule, end_of(ends[i]))) {
        results[i] = std::move(*r);
        decided[i] = true;
      }
    }
  return results;
}

}  // namespace assay::prove

// Unrolling, depth by depth.
#include "checker/prove/search.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "checker/prove/path.hpp"

namespace assay::prove {
namespace {

bool is_same(const z3::expr& a, const z3::expr& b) { return z3::eq(a, b); }

bool changes_state(const Terms& before, const Terms& after) {
  for (std::size_t i = 0; i < before.size(); ++i)
    if (!is_same(before[i], after[i])) return true;
  return false;
}

constexpr unsigned pick_bits = 16;  // of the unknown that picks an instance

// States s0 (reset), s1 (a VM exists), s2, ... each one step after the last.
class Unrolling {
 public:
  explicit Unrolling(const Job& job)
      : job_(job), solver_(bounded_solver(*job.options)), instances_(moving_instances()) {
    const Encoding& enc = *job.encoding;
    Terms reset = enc.reset_state(enc.unknown_state("s"));
    solver_.add(enc.host_is_possible(reset));
    StepTerms create = enc.step({creating_rule(), 0}, reset, "call0", *job.options->profile,
                                job.options->mutation);
    solver_.add(create.possible && create.legal && enc.fits_shape(create.next));
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
      legal.push_back(z3::implies(taken, step.possible && can_be_shown(instances_[n], step)));
    }
    Terms named = enc.unknown_state("s" + at);
    for (std::size_t i = 0; i < next.size(); ++i) {
      if (is_same(next[i], before[i])) named[i] = before[i];
      else solver_.add(named[i] == next[i]);
    }
    solver_.add(z3::mk_and(legal));
    solver_.add(z3::ult(pick, c.bv_val(static_cast<unsigned>(instances_.size()), pick_bits)));
    solver_.add(enc.fits_shape(named));
    Terms known = enc.invariants(named);
    for (std::size_t i = 0; i < known.size(); ++i)
      if (job_.hypothesis->assumed[i]) solver_.add(known[i]);
    states_.push_back(named);
    picks_.push_back(pick);
  }

  // The instances that a model took, from create_vm on.
  std::vector<Instance> path(const z3::model& model) const {
    std::vector<Instance> out{{creating_rule(), 0}};
    for (const z3::expr& pick : picks_) out.push_back(instances_[value_in(model, pick)]);
    return out;
  }

 private:
  std::vector<Instance> moving_instances() const {
    const Encoding& enc = *job_.encoding;
    Terms s = enc.unknown_state("s");
    std::vector<Instance> out;
    for (const Instance& i : instances_of(enc.shape(), *job_.options->profile)) {
      if (i.rule == creating_rule()) continue;
      StepTerms step = enc.step(i, s, "call", *job_.options->profile, job_.options->mutation);
      if (changes_state(s, step.next)) out.push_back(i);
    }
    return out;
  }

  const Job& job_;
  z3::solver solver_;
  std::vector<Instance> instances_;
  std::vector<Terms> states_;
  std::vector<z3::expr> picks_;
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
  const z3::check_result r = u.solver().check();
  std::optional<SearchResult> result;
  if (r == z3::unknown) {
    result.emplace();
    result->kind = SearchResult::Kind::unknown;
    result->depth = u.depth();
    result->reason = u.solver().reason_unknown();
  } else if (r == z3::sat) {
    result = solve_path(job, make(u.path(u.solver().get_model())));
    // The path alone must have a model too: "none" here would hide what was found.
    if (result->kind == SearchResult::Kind::none) result->kind = SearchResult::Kind::disagreement;
    if (result->kind != SearchResult::Kind::found) result->depth = u.depth();
  }
  u.solver().pop();
  return result;
}

}  // namespace

SearchResult search_state(const Job& job, const Goal& goal, unsigned depth,
                          const std::function<void(unsigned)>& searched) {
  FreshContext scope;
  const Interrupter interrupter(job.options->stop);
  SearchResult result;
  result.depth = std::min(1u, depth);
  try {
    Unrolling u(job);
    const auto make = [&](std::vector<Instance> instances) {
      const Instance last = instances.back();
      return Path{std::move(instances),
                  [&goal, &job, last](const StepTerms& s, const Terms& after) {
                    return can_be_shown(last, s) && goal(*job.encoding, after);
                  }};
    };
    for (; u.depth() <= depth && !interrupter.stopped(); u.extend()) {
      result.depth = u.depth();
      if (auto r = try_goal(job, u, goal(*job.encoding, u.last()), make)) {
        if (interrupter.stopped() && r->kind != SearchResult::Kind::found) break;
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

z3::expr ends_in(const StepTerms& step, const LastCall& end) {
  if (end.success) return step.legal && step.code == 0;
  z3::expr decides = z3_context().bool_val(false);
  for (const CheckTerm& c : step.checks)
    if (c.hash == end.hash && c.kind == end.kind) decides = decides || c.decides;
  return end.kind == VerbKind::require ? decides : decides && step.legal;
}

// The history of calls that a check needs, if the last of them can be made at this depth.
std::optional<SearchResult> try_last_call(const Job& job, Unrolling& u, const LastCall& end) {
  const Encoding& enc = *job.encoding;
  for (const Instance& i : instances_of(enc.shape(), *job.options->profile)) {
    if (i.rule != end.rule) continue;
    StepTerms last = enc.step(i, u.last(), "last", *job.options->profile, job.options->mutation);
    const auto make = [&](std::vector<Instance> instances) {
      instances.push_back(i);
      return Path{std::move(instances),
                  [&](const StepTerms& step, const Terms&) { return ends_in(step, end); }};
    };
    z3::expr goal = last.possible && enc.fits_shape(last.next) && ends_in(last, end);
    if (auto r = try_goal(job, u, goal, make)) return r;
  }
  return std::nullopt;
}

}  // namespace

std::vector<SearchResult> search_calls(const Job& job, const std::vector<LastCall>& ends,
                                       unsigned depth) {
  FreshContext scope;
  std::vector<SearchResult> results(ends.size());
  std::vector<bool> decided(ends.size(), false);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    results[i].depth = depth;
    if (ends[i].rule != creating_rule()) continue;
    const LastCall& end = ends[i];
    results[i] = solve_path(job, {{{creating_rule(), 0}}, [&](const StepTerms& step, const Terms&) {
                                    return ends_in(step, end);
                                  }});
    decided[i] = true;
  }
  Unrolling u(job);
  for (; u.depth() < depth; u.extend())
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (decided[i]) continue;
      if (auto r = try_last_call(job, u, ends[i])) {
        results[i] = std::move(*r);
        decided[i] = true;
      }
    }
  return results;
}

}  // namespace assay::prove

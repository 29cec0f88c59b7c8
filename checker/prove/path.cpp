// Solving one path with preferences, and replaying what comes out.
#include "checker/prove/path.hpp"

#include "checker/prove/replay.hpp"
#include "checker/solve.hpp"
#include "traces/bind/binder.hpp"

namespace assay::prove {
namespace {

struct Steps {
  Terms host_state;  // the first state: reset on an unknown host, or where the options say
  std::vector<StepTerms> taken;
};

Steps build(const Job& job, const Path& path, z3::solver& solver) {
  const Encoding& enc = *job.encoding;
  const Start* start = job.options->after.get();
  Steps s{start != nullptr ? enc.state_constants(start->state)
                           : enc.reset_state(enc.unknown_state("s")),
          {}};
  if (start == nullptr) solver.add(enc.host_is_possible(s.host_state));
  for (std::size_t i = 0; i < path.instances.size(); ++i) {
    const Terms& before = i == 0 ? s.host_state : s.taken.back().next;
    s.taken.push_back(enc.step(path.instances[i], before, "call" + std::to_string(i),
                               *job.options->profile, job.options->mutation));
    solver.add(s.taken.back().possible);
    // The last call of a witness may be the illegal one that is looked for.
    if (i + 1 != path.instances.size())
      solver.add(can_be_shown(enc.system(), path.instances[i], s.taken.back()));
    solver.add(enc.fits_shape(s.taken.back().next));
  }
  const std::size_t last = path.instances.size() - 1;
  const Terms& before = last == 0 ? s.host_state : s.taken[last - 1].next;
  solver.add(
      path.end({path.instances[last], before, "call" + std::to_string(last), s.taken[last]}));
  return s;
}

z3::expr number_like(const z3::expr& e, u64 value) {
  z3::context& c = z3_context();
  if (e.is_bool()) return c.bool_val(value != 0);
  if (e.is_int()) return c.int_val(static_cast<std::uint64_t>(value));
  return c.bv_val(static_cast<std::uint64_t>(value), e.get_sort().bv_size());
}
bool can_be(const z3::expr& e, u64 value) {
  if (e.is_bool()) return value <= 1;
  if (e.is_int() || e.get_sort().bv_size() >= 64) return true;
  return value >> e.get_sort().bv_size() == 0;
}

// Fixes `e` to the first of the values that the rest allows; leaves it open when none is.
void prefer(z3::solver& solver, const z3::expr& e, const std::vector<u64>& values) {
  if (e.is_numeral() || e.is_true() || e.is_false()) return;
  for (u64 value : values) {
    if (!can_be(e, value)) continue;
    z3::expr equal = e == number_like(e, value);
    z3::expr_vector assumption(z3_context());
    assumption.push_back(equal);
    if (checker::solve(solver, assumption) == z3::sat) {
      solver.add(equal);
      return;
    }
  }
}

void prefer_ordinary_values(const Job& job, const Path& path, const Steps& s, z3::solver& solver,
                            bool initial_first) {
  const Encoding& enc = *job.encoding;
  for (const StepTerms& step : s.taken) prefer(solver, step.code, {0});
  prefer_typical_host(job, s.host_state, solver);
  for (std::size_t i = 0; i < s.taken.size(); ++i) {
    const RuleInfo& info = enc.system().rules()[path.instances[i].rule];
    for (const z3::expr& choice : s.taken[i].choices) prefer(solver, choice, {0});
    for (std::size_t a = 0; a < s.taken[i].arguments.size(); ++a) {
      const u64 initial = info.arguments[a].initial;
      std::vector<u64> values = {0, 1, 2, 3, 5, 7, 8, 23, 32, 64, 4096, 8192, 1u << 16, 1u << 20};
      values.insert(initial_first ? values.begin() : values.end(), initial);
      prefer(solver, s.taken[i].arguments[a], values);
    }
  }
}

// Runs the model's events one by one against the states it promised.
SearchResult replayed(const Job& job, const Path& path, const Steps& s, const z3::model& model) {
  const Encoding& enc = *job.encoding;
  SearchResult result;
  result.kind = SearchResult::Kind::found;
  result.depth = static_cast<unsigned>(path.instances.size());
  const Start* start = job.options->after.get();
  SystemState<Concrete> state = start != nullptr ? start->state : enc.decode(model, s.host_state);
  result.history.host = enc.system().in<Concrete>().host_of(state);
  for (std::size_t i = 0; i < path.instances.size(); ++i) {
    Event e = event_of(model, path.instances[i], s.taken[i]);
    const bool is_legal = value_in(model, s.taken[i].legal) != 0;
    result.history.events.push_back(e);
    if (!is_legal) continue;  // a broken require: there is no state to compare
    SystemState<Concrete> expected = enc.decode(model, s.taken[i].next);
    if (!replay_event(e, *job.options->profile, job.options->mutation, state, &expected)) {
      result.kind = SearchResult::Kind::disagreement;
      result.reason = "replay differs at event " + std::to_string(i + 1) + ", " +
                      name_of(enc.system(), path.instances[i]);
      return result;
    }
  }
  return result;
}

}  // namespace

z3::expr can_be_shown(const System& system, const Instance& instance, const StepTerms& step) {
  const bool is_event = traces::Binder::of(system).pattern(instance.rule).is_event;
  return is_event ? step.legal && step.code == 0 : step.legal;
}

void prefer_typical_host(const Job& job, const Terms& state, z3::solver& solver) {
  const Encoding& enc = *job.encoding;
  const Terms typical = enc.host_constants(enc.system().info().typical_host(enc.shape()));
  for (std::size_t i = 0; i < typical.size(); ++i) {
    const z3::expr& t = typical[i];
    const u64 usual = t.is_bool() ? t.is_true() : t.get_numeral_uint64();
    prefer(solver, state[i], {usual, 0, 1, 8, 9});
  }
}

SearchResult solve_path(const Job& job, const Path& path) {
  SearchResult result;
  // A value such as "not told" may mean less when replayed than when solved: try plain zeros too.
  for (bool initial_first : {true, false}) {
    z3::solver solver = bounded_solver(*job.options);
    Steps s = build(job, path, solver);
    z3::check_result r = checker::solve(solver);
    if (r != z3::sat) {
      result.kind = r == z3::unsat ? SearchResult::Kind::none : SearchResult::Kind::unknown;
      result.reason = r == z3::unsat ? "the path has no model" : checker::why_unknown(solver);
      return result;
    }
    prefer_ordinary_values(job, path, s, solver, initial_first);
    if (checker::solve(solver) != z3::sat) {
      result.kind = SearchResult::Kind::unknown;
      result.reason = checker::why_unknown(solver);
      return result;
    }
    result = replayed(job, path, s, solver.get_model());
    if (result.kind == SearchResult::Kind::found) return result;
  }
  return result;
}

}  // namespace assay::prove

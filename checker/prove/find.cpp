// The predicate over Z3 expressions as the goal of the search, and over plain values as the check
// of what it found.
#include "checker/prove/find.hpp"

#include <unordered_map>
#include <unordered_set>

#include "checker/invariants.hpp"
#include "checker/prove/path.hpp"
#include "checker/prove/predicate_terms.hpp"
#include "checker/prove/predicate_value.hpp"
#include "checker/prove/replay.hpp"
#include "checker/prove/search.hpp"
#include "checker/solve.hpp"

namespace assay::prove {
namespace {

class SymbolicReader final : public Reader<Symbolic> {
 public:
  SymbolicReader(const Encoding& encoding, const Terms& state)
      : encoding_(encoding), state_(state) {}
  SymFlag flag(u32 leaf) const override { return SymFlag(state_[leaf]); }
  SymWord<64> word(u32 leaf) const override {
    const z3::expr& e = state_[leaf];
    const unsigned width = e.get_sort().bv_size();
    if (width == 64) return SymWord<64>(e);
    const z3::expr wide = z3::zext(e, 64 - width);
    return SymWord<64>(e.is_numeral() ? wide.simplify() : wide);
  }
  SymNumber number(u32 leaf) const override { return SymNumber(state_[leaf]); }
  SymFlag invariant(u32 number) const override {
    if (invariants_.empty()) invariants_ = encoding_.invariants(state_);
    return SymFlag(invariants_[number]);
  }

 private:
  const Encoding& encoding_;
  const Terms& state_;
  mutable Terms invariants_;  // made when first asked for
};

class ConcreteReader final : public Reader<Concrete> {
 public:
  ConcreteReader(const StateNames& names, const SystemState<Concrete>& state)
      : names_(names), state_(state) {
    std::unordered_map<std::string, u64> by_path;
    state.each_named_leaf(
        [&](const std::string& path, const PlainLeaf& leaf) { by_path[path] = leaf.value(); });
    for (const std::string& path : names.paths()) values_.push_back(by_path[path]);
  }
  bool flag(u32 leaf) const override { return values_[leaf] != 0; }
  Bits<64> word(u32 leaf) const override { return values_[leaf]; }
  Number number(u32 leaf) const override { return values_[leaf]; }
  bool invariant(u32 number) const override {
    const auto& all = state_.system().in<Concrete>().claims.invariants;
    return number >= all.size() || all[number].holds(state_);  // its numbers are natural
  }

 private:
  const StateNames& names_;
  const SystemState<Concrete>& state_;
  std::vector<u64> values_;  // by leaf number; an entry that was never touched reads as zeros
};

// Before any event: the host alone decides.
SearchResult search_reset(const Job& job, const Predicate& predicate) {
  FreshContext scope;
  const Encoding& enc = *job.encoding;
  const Terms reset = enc.reset_state(enc.unknown_state("s"));
  z3::solver solver = bounded_solver(*job.options);
  solver.add(enc.host_is_possible(reset));
  solver.add(formula_of(predicate, enc, reset));
  SearchResult result;
  z3::check_result r = checker::solve(solver);
  if (r == z3::sat) {
    prefer_typical_host(job, reset, solver);
    r = checker::solve(solver);
  }
  if (r == z3::unknown) {
    result.kind = SearchResult::Kind::unknown;
    result.reason = checker::why_unknown(solver);
  } else if (r == z3::sat) {
    result.kind = SearchResult::Kind::found;
    result.history.host =
        enc.system().in<Concrete>().host_of(enc.decode(solver.get_model(), reset));
  }
  return result;
}

}  // namespace

namespace {

// What the values of a leaf are called, if they are.
std::span<const NamedValue> values_at(const System& system, std::string_view path) {
  const std::string place = checker::place_of_every_entry(path);
  for (const NamedLeaf& leaf : system.info().named_leaves)
    if (leaf.place == place) return leaf.values;
  return {};
}

}  // namespace

std::optional<StateNames> state_names(const Options& options) {
  const Encoding* encoding = encoding_of(options);
  if (encoding == nullptr) return std::nullopt;
  StateNames names;
  names.shape = text_of(encoding->system(), encoding->shape());
  names.invariants = invariant_names(encoding->system());
  const std::string prefix = "s";
  for (const z3::expr& e : encoding->unknown_state(prefix)) {
    const StateNode::Kind kind = e.is_bool()  ? StateNode::Kind::flag
                                 : e.is_int() ? StateNode::Kind::number
                                              : StateNode::Kind::word;
    const unsigned width = e.is_bool() ? 1 : e.is_int() ? 64 : e.get_sort().bv_size();
    const std::string path = e.decl().name().str().substr(prefix.size() + 1);
    names.add(path, kind, width, values_at(encoding->system(), path));
  }
  return names;
}

z3::expr formula_of(const Predicate& predicate, const Encoding& encoding, const Terms& state) {
  const SymbolicReader reader(encoding, state);
  return Evaluator<Symbolic>(predicate, reader).holds().e;
}

bool holds_in(const Predicate& predicate, const StateNames& names,
              const SystemState<Concrete>& state) {
  const ConcreteReader reader(names, state);
  return Evaluator<Concrete>(predicate, reader).holds();
}

std::shared_ptr<const Start> start_after(const History& history, const Options& options,
                                         std::string& why) {
  if (history.events.empty()) {
    why = "there is no event to go on from";
    return nullptr;
  }
  Start start{history, {}};
  const System& system = system_of(options);
  if (!history.host.empty()) system.info().fit_host(start.history.host, shape_of(options));
  start.state = system.in<Concrete>().on_host(start.history.host);
  for (std::size_t i = 0; i < history.events.size(); ++i) {
    if (replay_event(history.events[i], *options.profile, options.mutation, start.state, nullptr))
      continue;
    why = "under " + std::string(options.profile->name) +
          " the specification does not answer event " + std::to_string(i + 1) + " so";
    return nullptr;
  }
  const auto names = state_names(options);
  std::unordered_set<std::string> known(names->paths().begin(), names->paths().end());
  start.state.each_named_leaf([&](const std::string& path, const PlainLeaf& leaf) {
    if (leaf.value() != 0 && !path.starts_with("host.") && !known.contains(path))
      why = path + " is beyond the shape " + names->shape;
  });
  return why.empty() ? std::make_shared<const Start>(std::move(start)) : nullptr;
}

namespace {

// At once where the search begins, without any event.
SearchResult search_start(const Job& job, const Predicate& predicate) {
  const Start* start = job.options->after.get();
  if (start == nullptr) return search_reset(job, predicate);
  SearchResult result;
  if (holds_in(predicate, *state_names(*job.options), start->state))
    result.kind = SearchResult::Kind::found;
  return result;
}

}  // namespace

SearchResult find(const Options& options, const Predicate& predicate) {
  const Hypothesis nothing_assumed{
      std::vector<bool>(invariant_names(system_of(options)).size(), false), nullptr};
  const Job job{encoding_of(options), &options, &nothing_assumed, nullptr};
  const Goal goal = [&](const Encoding& enc, const Terms& state) {
    return formula_of(predicate, enc, state);
  };
  const std::optional<StateNames> names = state_names(options);
  const auto whole = [&](const History& added) {
    if (!options.after) return added;
    History all = options.after->history;
    all.events.insert(all.events.end(), added.events.begin(), added.events.end());
    return all;
  };
  const auto objection = [&](const History& added) -> std::string {
    const History history = whole(added);
    const auto end = replay(history, *options.profile, options.mutation);
    if (!end || !holds_in(predicate, *names, *end))
      return "the solver's history does not reach it when replayed";
    return options.objection ? options.objection(history) : std::string();
  };
  SearchResult result = search_start(job, predicate);
  if (result.kind == SearchResult::Kind::none && options.depth > 0)
    result = search_state(
        job, goal, options.depth,
        [&](unsigned done) {
          if (options.progress) options.progress(done, options.depth);
        },
        objection);
  if (result.kind == SearchResult::Kind::none && options.depth > 0)
    result.larger = shape_beyond(job, goal, options.depth);
  if (result.kind == SearchResult::Kind::found) result.history = whole(result.history);
  return result;
}

}  // namespace assay::prove

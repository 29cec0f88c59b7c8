#include "checker/unknown_vm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "checker/leaf_text.hpp"
#include "checker/term_solver.hpp"
#include "spec/partial_state.hpp"

namespace assay::checker {
namespace {

using PartialVm = SystemState<Partial>;

// Terms are collected when there are this many, or four times what the last collection left.
constexpr std::size_t terms_min = 50'000;
// Constraints are looked through when there are this many, or twice what was left.
constexpr std::size_t constraints_min = 256;
// More than these are not kept: the oldest go.
constexpr std::size_t constraints_max = 2'000;

// Of a call that may belong to several rules or to none, what it did is kept as a choice; of more
// calls than these, what they may have written is forgotten: choices upon choices take Z3 seconds.
constexpr unsigned ambiguous_calls_max = 8;

// What places of the state hold after a call.
using Writes = std::map<PartialValue*, PartialValue>;

// One rule that a call may belong to, applied and taken back.
struct Way {
  std::vector<PartialFlag> conditions;
  Writes writes;
  Event event;  // with the witness's values for what is unknown
  PartialFlag holds = true;
};

// The journal keeps addresses of leaves.
PartialValue& value_at(void* place) { return *static_cast<PartialValue*>(place); }

}  // namespace

struct UnknownVm::State {
  Context context;
  const System& system;
  const SystemIn<Partial>& in;
  Terms terms;
  PartialVm vm;
  std::vector<Constraint> constraints;
  std::vector<Constraint> wanted;  // of the call just refused
  TermSolver solver;
  Journal journal;
  unsigned ambiguous_calls = 0;
  std::size_t terms_limit = terms_min, constraints_limit = constraints_min;

  explicit State(const Context& c)
      : context(c), system(system_of(*c.profile)), in(system.in<Partial>()), vm(in.blank()) {}

  // --- one rule ------------------------------------------------------------------------------
  // Applies it in place and leaves what it replaced in the journal.
  Way run(u32 rule, const Call& call, Errno answer, bool all_unknown) {
    Way way;
    way.event = call.event;
    way.event.rule = rule;
    const auto made = in.ops[rule](
        call.event.handle, [&](PartialValue& leaf, unsigned position, const std::string& name) {
          const u64 told = call.event.value[position];
          if (all_unknown || (call.event.unknown >> position & 1) != 0)
            leaf = terms.unknown(leaf.width, name);
          else store(leaf, told);
          way.event.value[position] = static_cast<u64>(terms.value(leaf));
        });
    way.event.unknown = 0;
    StepContext step;
    step.profile = context.profile;
    step.mutation = context.mutation;
    step.journal = &journal;
    step.rule = rule;
    step.event = call.line;
    step.observed = answer;
    step.knows_observed = answer != Errno::untold;
    journal.clear();
    Step<Partial> k(step);
    made->apply(k, vm);
    if (answer != Errno::untold) way.conditions = k.conditions();
    way.conditions.push_back(k.explains(answer));
    if (answer == Errno::ok && call.event.has_returned && k.has_return())
      way.conditions.push_back(!k.returns_if() ||
                               k.returned() == PartialWord<64>(call.event.returned));
    for (const PartialFlag& c : way.conditions) way.holds = way.holds && c;
    return way;
  }

  // What the last run wrote, taken back.
  void take_back(Way& way) {
    for (const Journal::Entry& e : journal.entries()) {
      way.writes[&value_at(e.place)] = value_at(e.place);
    }
    journal.undo();
  }

  // --- conditions ----------------------------------------------------------------------------
  Constraint constraint(const PartialFlag& flag) const {
    Constraint c{flag, {}};
    terms.symbols_of(flag.term, c.symbols);
    return c;
  }
  bool is_exhausted() const { return solver.work() > context.budget; }

  // Whether the conditions can hold together with all that is kept. The witness follows.
  Outcome ask(const std::vector<PartialFlag>& conditions) {
    wanted.clear();
    bool explained = true, possible = true;
    for (const PartialFlag& c : conditions) {
      possible = possible && !c.is_false();
      if (c.is_known()) continue;
      wanted.push_back(constraint(c));
      explained = explained && terms.value(c) != 0;
    }
    if (!possible) return Outcome::impossible;
    if (explained) return Outcome::possible;
    if (is_exhausted()) return Outcome::undecided;
    const TermSolver::Result result = solver.solve(terms, constraints, wanted);
    if (result.answer == TermSolver::Answer::impossible) return Outcome::impossible;
    if (result.answer == TermSolver::Answer::undecided) return Outcome::undecided;
    terms.set_witness(result.witness);
    return Outcome::possible;
  }
  void keep_wanted() {
    for (Constraint& c : wanted) {
      terms.assume(c.flag);
      constraints.push_back(std::move(c));
    }
    wanted.clear();
  }

  // --- memory --------------------------------------------------------------------------------
  void collect() {
    if (terms.size() < terms_limit && constraints.size() < constraints_limit) return;
    std::vector<PartialValue*> live;
    vm.each_leaf([&](PartialValue& leaf) {
      if (leaf.is_known()) return;
      leaf = terms.resolved(leaf);
      if (!leaf.is_known()) live.push_back(&leaf);
    });
    drop_dead_constraints(live);
    for (Constraint& c : constraints) live.push_back(&c.flag);
    terms.keep_only(live);
    terms_limit = std::max(terms_min, 4 * terms.size());
    constraints_limit = std::max(constraints_min, 2 * constraints.size());
  }
  // A constraint matters while the state holds one of its unknowns, or another that matters does.
  void drop_dead_constraints(const std::vector<PartialValue*>& state) {
    std::vector<u32> open;
    for (const PartialValue* leaf : state) terms.symbols_of(leaf->term, open);
    std::vector<bool> is_alive(terms.symbols().size(), false);
    std::map<u32, std::vector<std::size_t>> by_symbol;
    for (std::size_t i = 0; i < constraints.size(); ++i)
      for (const u32 s : constraints[i].symbols) by_symbol[s].push_back(i);
    std::vector<bool> matters(constraints.size(), false);
    while (!open.empty()) {
      const u32 s = open.back();
      open.pop_back();
      if (is_alive[s]) continue;
      is_alive[s] = true;
      if (const auto at = by_symbol.find(s); at != by_symbol.end())
        for (const std::size_t i : at->second) {
          if (!matters[i])
            open.insert(open.end(), constraints[i].symbols.begin(), constraints[i].symbols.end());
          matters[i] = true;
        }
    }
    std::size_t i = 0;
    std::erase_if(constraints, [&](const Constraint&) { return !matters[i++]; });
    if (constraints.size() > constraints_max)
      constraints.erase(constraints.begin(),
                        constraints.end() - static_cast<std::ptrdiff_t>(constraints_max));
  }

  // --- a call --------------------------------------------------------------------------------
  Outcome step_one(const Call& call, Errno answer) {
    const Way way = run(call.rules.front(), call, answer, false);
    const Outcome outcome = ask(way.conditions);
    if (outcome == Outcome::impossible) journal.undo();
    if (outcome == Outcome::possible) accept();
    return outcome;
  }
  void accept() {
    keep_wanted();
    for (const Journal::Entry& e : journal.entries()) {
      PartialValue& place = value_at(e.place);
      place = terms.resolved(place);
    }
  }

  // Several rules, or perhaps none: the state after is that of one of the ways, and unknown which.
  Outcome step_many(const Call& call, Errno answer) {
    std::vector<Way> ways;
    for (const u32 rule : call.rules) {
      Way way = run(rule, call, answer, call.rules.size() > 1);
      take_back(way);
      if (!way.holds.is_false()) ways.push_back(std::move(way));
    }
    if (call.may_be_other) ways.emplace_back();
    journal.clear();
    wanted.clear();
    if (ways.empty()) return Outcome::impossible;
    if (call.may_be_other && ++ambiguous_calls > ambiguous_calls_max) {
      forget_writes(ways, call.line);
      return Outcome::possible;
    }
    Writes merged = ways.front().writes;
    PartialFlag condition = ways.front().holds;
    for (std::size_t i = 1; i < ways.size(); ++i) {
      const bool taken = terms.value(condition) == 0 && terms.value(ways[i].holds) != 0;
      const PartialFlag is_this(terms.unknown(flag_width, "", taken ? 1 : 0));
      condition = ite(is_this, ways[i].holds, condition);
      merge(merged, ways[i].writes, is_this, call.line);
    }
    const Outcome outcome = ask({condition});
    if (outcome == Outcome::impossible) return outcome;
    for (const auto& [place, after] : merged) {
      journal.save(*place);
      *place = terms.bounded(after);
    }
    if (outcome == Outcome::possible) accept();
    return outcome;
  }
  // What any of the ways writes is unknown from here on.
  void forget_writes(const std::vector<Way>& ways, u32 line) {
    for (const Way& way : ways)
      for (const auto& [place, after] : way.writes) {
        journal.save(*place);
        *place = terms.unknown(place->width, "", terms.value(*place));
        place->by = line;
      }
  }
  void merge(Writes& into, const Writes& way, const PartialFlag& is_this, u32 line) {
    for (const auto& [place, after] : way) into.try_emplace(place, *place);
    for (auto& [place, after] : into) {
      const auto at = way.find(place);
      const PartialValue& mine = at == way.end() ? *place : at->second;
      after = terms.apply(TermOp::ite, place->width, is_this, mine, after);
      after.by = line;
    }
  }

  Outcome step(const Call& call, Errno answer) {
    UseTerms use(terms);
    terms.at_line(call.line);
    collect();
    journal.clear();
    in.drop_unused(vm);
    return call.rules.size() == 1 && !call.may_be_other ? step_one(call, answer)
                                                        : step_many(call, answer);
  }

  // --- after a refusal -------------------------------------------------------------------------
  // Whether some values permit this answer. Changes nothing.
  bool permits(const Call& call, Errno answer) {
    for (const u32 rule : call.rules) {
      Way way = run(rule, call, answer, call.rules.size() > 1);
      journal.undo();
      if (way.holds.is_false()) continue;
      if (way.holds.is_known() || terms.value(way.holds) != 0) return true;
      const Constraint only = constraint(way.holds);
      if (solver.solve(terms, constraints, {&only, 1}).answer != TermSolver::Answer::impossible)
        return true;
    }
    return false;
  }
  std::vector<Errno> permitted(Call call) {
    std::vector<Errno> codes{Errno::ok}, out;
    for (const CatalogEntry& c : system.catalog(*context.profile))
      for (const u32 rule : call.rules)
        if (c.code != Errno::ok && c.rule == system.rules()[rule].name &&
            std::find(codes.begin(), codes.end(), c.code) == codes.end())
          codes.push_back(c.code);
    Event open = call.event;
    open.has_returned = false;
    UseTerms use(terms);
    for (const Errno code : codes)
      if (permits({open, call.line, call.rules}, code)) out.push_back(code);
    return out;
  }

  std::set<std::string> unknown_places() {
    std::set<std::string> out;
    vm.each_named_leaf([&](const std::string& path, const PartialValue& leaf) {
      if (!leaf.is_known()) out.insert(path);
    });
    return out;
  }
};

UnknownVm::UnknownVm(const std::vector<std::unique_ptr<RecordedVm>>& states, const Context& context)
    : state_(std::make_unique<State>(context)) {
  UseTerms use(state_->terms);
  state_->vm = state_->in.copied(*states.front());
  for (std::size_t i = 1; i < states.size(); ++i) {
    PartialVm other = state_->in.copied(*states[i]);
    const PartialFlag is_other(state_->terms.unknown(flag_width, "an earlier freedom"));
    state_->in.each_pair(state_->vm, other, [&](PartialValue& mine, const PartialValue& theirs) {
      mine = state_->terms.apply(TermOp::ite, mine.width, is_other, theirs, mine);
    });
  }
}

// Every field of the host that is not told is free, and so are its tables. That is weaker than any
// particular host, so it never excludes an answer.
UnknownVm::UnknownVm(const HostPart& host, const Context& context)
    : state_(std::make_unique<State>(context)) {
  Terms& terms = state_->terms;
  UseTerms use(terms);
  PartialVm& vm = state_->vm;
  const auto is_of_host = [](std::string_view path) { return path.starts_with("host."); };
  const SystemIn<Partial>& in = state_->in;
  in.forget_rest(vm, is_of_host);
  // A usual host is the first guess: it explains most answers.
  const System& system = state_->system;
  SystemState<Partial> usual = in.copied(system.in<Recorded>().on_host(system.info().usual_host()));
  std::map<std::string, u128> guess;
  usual.each_named_leaf([&](const std::string& path, const PartialValue& leaf) {
    if (is_of_host(path)) guess[path] = leaf.known;
  });
  in.each_pair(vm, usual, [](const PartialValue&, const PartialValue&) {});
  vm.each_named_leaf([&](const std::string& path, PartialValue& leaf) {
    if (is_of_host(path)) leaf = terms.unknown(leaf.width, path, guess[path]);
  });
  if (state_->ask(in.least_host(vm)) == Outcome::possible) state_->keep_wanted();
  for (const auto& [path, value] : host) vm.set("host." + path, value);
}

UnknownVm::~UnknownVm() = default;
UnknownVm::UnknownVm(UnknownVm&&) noexcept = default;

UnknownVm::Outcome UnknownVm::step(const Call& call) {
  return state_->step(call, call.event.answer);
}

bool UnknownVm::adopt(const Call& call, Errno answer) {
  Event as_permitted = call.event;
  as_permitted.has_returned = false;
  return state_->step({as_permitted, call.line, call.rules}, answer) != Outcome::impossible;
}

UnknownVm::Refusal UnknownVm::refusal(const Call& call) {
  State& s = *state_;
  UseTerms use(s.terms);
  Refusal out;
  std::vector<u32> symbols;
  for (const Constraint& c : s.wanted)
    symbols.insert(symbols.end(), c.symbols.begin(), c.symbols.end());
  if (call.rules.size() == 1) {
    Way way = s.run(call.rules.front(), call, call.event.answer, false);
    s.journal.undo();
    const RecordedVm instance = s.in.instance(s.vm, s.terms);
    const RuleInfo& rule = s.system.rules()[call.rules.front()];
    out.why = explain(instance, way.event, rule, *s.context.profile, s.context.mutation);
    const std::set<std::string> unknown = s.unknown_places();
    for (Reason& reason : out.why.reasons)
      for (Because& b : reason.because) b.is_unknown = unknown.contains(b.place);
  }
  out.why.allowed.clear();
  out.permitted = s.permitted(call);
  for (const Errno code : out.permitted)
    out.why.allowed.push_back(code == Errno::ok ? "success" : std::string(name_of(code)));
  std::sort(symbols.begin(), symbols.end());
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
  for (const u32 n : symbols) {
    const Terms::Symbol& symbol = s.terms.symbols()[n];
    if (symbol.name.empty()) continue;
    std::string text =
        symbol.line == 0 ? symbol.name : fmt::format("{} of line {}", symbol.name, symbol.line);
    if (std::find(out.tried.begin(), out.tried.end(), text) == out.tried.end())
      out.tried.push_back(std::move(text));
  }
  return out;
}

void UnknownVm::forget(u32 line, const std::function<bool(std::string_view)>& is_forgotten) {
  State& s = *state_;
  UseTerms use(s.terms);
  s.terms.at_line(line);
  s.collect();
  s.vm.each_named_leaf([&](const std::string& path, PartialValue& leaf) {
    if (!is_forgotten(path)) return;
    leaf = s.terms.unknown(leaf.width, path, s.terms.value(leaf));
    leaf.by = line;
  });
  s.in.forget_rest(s.vm, is_forgotten);
}

std::vector<std::string> UnknownVm::changes() const {
  std::vector<std::string> out;
  const PartialVm& vm = state_->vm;
  const LeafText& text = LeafText::of(state_->system);
  const auto shown = [&](const std::string& path, const PartialValue& v) {
    return v.is_known() ? text.value(path, static_cast<u64>(v.known)) : std::string("?");
  };
  std::set<const void*> seen;
  for (const Journal::Entry& e : state_->journal.entries()) {
    if (!seen.insert(e.place).second) continue;  // the first write tells what was there before
    std::string path;
    PartialValue before, after;
    std::memcpy(static_cast<void*>(&before), e.before, sizeof before);
    after = value_at(e.place);
    if (before.term == after.term && before.known == after.known) continue;
    if (!vm.leaf_at(e.place, path, [](const PartialValue&) {})) continue;
    const std::string from = shown(path, before), to = shown(path, after);
    out.push_back(text.change(path, from, from == "?" && to == "?" ? "another ?" : to));
  }
  return out;
}

bool UnknownVm::has_changed() const {
  const auto& entries = state_->journal.entries();
  return std::any_of(entries.begin(), entries.end(), [](const Journal::Entry& e) {
    PartialValue before;
    std::memcpy(static_cast<void*>(&before), e.before, sizeof before);
    const PartialValue& after = value_at(e.place);
    return before.term != after.term || before.known != after.known;
  });
}

bool UnknownVm::breaks(u32 invariant, bool by_entry) {
  State& s = *state_;
  UseTerms use(s.terms);
  Focus focus(s.journal);
  const UseFocus use_focus(by_entry ? &focus : nullptr);
  const PartialFlag holds = s.in.claims.invariants[invariant].holds(s.vm);
  if (s.terms.value(holds) != 0) return false;  // with the values that explain everything so far
  return s.ask({holds}) == Outcome::impossible;
}

}  // namespace assay::checker

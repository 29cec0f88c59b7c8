#include "gen/minimise.hpp"

#include <algorithm>
#include <unordered_map>

#include "gen/reducer.hpp"
#include "gen/search.hpp"
#include "gen/world.hpp"

namespace assay::gen {
namespace {

// What the specification answers to the last call of a program: the check that decides, or nothing
// when the call's handle does not exist.
class Predictor {
 public:
  explicit Predictor(const Program& p) : world_(*p.profile, p.host) {}

  struct Answer {
    bool executed = false;
    std::string decided_by;
    u64 returned = 0;
    bool operator==(const Answer&) const = default;
  };
  Answer last(const Program& p) {
    Answer out;
    world_.reset(p.host);
    std::array<std::int32_t, threads_max> cpu;
    cpu.fill(0);
    for (const Operation& op : p.operations) {
      out = Answer{};
      if (op.kind == Operation::Kind::affinity) cpu[op.thread] = static_cast<std::int32_t>(op.cpu);
      if (!world_.usable(op)) continue;
      out.executed = true;
      if (op.kind == Operation::Kind::close) world_.close(op);
      if (op.kind != Operation::Kind::call) continue;
      Choices choices;
      StepOptions options;
      options.choices = &choices;
      Event e = event_at(world_.rules(), op, task_of(op.thread), cpu[op.thread]);
      StepResult r = world_.step(op, e, options);
      if (!r.ok) out.decided_by = r.decided_by;
      if (r.ok && r.has_returned) out.returned = r.returned;
      world_.keep(op, r.ok);
    }
    return out;
  }

 private:
  World world_;
};

// One minimisation: the oracle with its cache and its bounds.
class Minimiser {
 public:
  Minimiser(const Program& p, const MinimiseOptions& o) : options_(o), best_(p) {}

  MinimiseResult run() {
    result_.reproduced = still_fails(best_);
    if (result_.reproduced) {
      cut_tail();
      take_slice();
      Reducer reducer([&](const Program& p) { return still_fails(p); });
      reducer.reduce(best_);
      result_.deletion_calls = result_.calls;
      if (options_.simplify_arguments && !ended_) {
        simplify();
        // Simpler arguments may have made an operation superfluous.
        const u64 before = result_.calls;
        reducer.reduce(best_);
        result_.deletion_calls += result_.calls - before;
      }
      result_.minimal = !ended_;
    }
    renumber(best_);
    result_.program = std::move(best_);
    return std::move(result_);
  }

 private:
  bool still_fails(const Program& p) {
    if (ended_ || p.operations.empty()) return false;
    Program named = p;
    renumber(named);  // what a real target sees
    const auto [known, is_new] = seen_.try_emplace(hash_of(named), false);
    if (!is_new) {
      ++result_.cached;
      return known->second;
    }
    const bool stopped = options_.stop != nullptr && options_.stop->load();
    if (stopped || (options_.calls_max != 0 && result_.calls >= options_.calls_max)) {
      ended_ = true;
      seen_.erase(known);
      return false;
    }
    ++result_.calls;
    const bool fails = options_.oracle(named);
    seen_[hash_of(named)] = fails;
    if (options_.on_progress) options_.on_progress(best_.operations.size(), result_.calls);
    return fails;
  }

  // The violation shows in one operation: nothing after it can matter.
  void cut_tail() {
    if (options_.operation >= best_.operations.size()) return;
    Program cut = best_;
    cut.operations.resize(options_.operation + 1);
    if (cut.operations.size() == best_.operations.size()) {
      shows_last_ = true;
    } else if (still_fails(cut)) {
      best_ = std::move(cut);
      shows_last_ = true;
    }
  }

  void take_slice() {
    std::vector<u32> matters = options_.hint;
    if (matters.empty() && options_.use_model && shows_last_)
      matters = model_slice(best_, best_.operations.size() - 1);
    if (matters.empty()) return;
    std::vector<bool> drop(best_.operations.size(), true);
    for (u32 i : matters)
      if (i < drop.size()) drop[i] = false;
    const Program alone = without(best_, drop);
    if (still_fails(alone)) {
      best_ = alone;
      return;
    }
    add_to_slice(drop);
  }

  // The slice lacks something that the specification does not know of: halve what may be it. At
  // most a few things are found this way; the reducer copes with any others.
  void add_to_slice(std::vector<bool> drop) {
    std::vector<u32> rest;
    for (u32 i = 0; i < drop.size(); ++i)
      if (drop[i]) rest.push_back(i);
    constexpr unsigned missing_max = 3;
    for (unsigned found = 0; found < missing_max && !ended_; ++found) {
      // The longest tail of `rest` that may go while the violation stays: rest[0 .. keep) is kept.
      std::size_t low = 0, high = rest.size();
      while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        std::vector<bool> trial = drop;
        for (std::size_t i = 0; i < middle; ++i) trial[rest[i]] = false;
        if (still_fails(without(best_, trial))) high = middle;
        else low = middle + 1;
      }
      if (low == 0 || low > rest.size()) break;
      drop[rest[low - 1]] = false;  // without this one it is lost
      rest.resize(low - 1);
      Program trial = without(best_, drop);
      if (still_fails(trial)) {
        best_ = std::move(trial);
        return;
      }
    }
  }

  void simplify();
  bool simpler(std::size_t operation, unsigned argument, u64 value);

  const MinimiseOptions& options_;
  Program best_;
  MinimiseResult result_;
  std::unordered_map<u64, bool> seen_;
  bool shows_last_ = false;
  bool ended_ = false;
};

bool Minimiser::simpler(std::size_t operation, unsigned argument, u64 value) {
  Operation& op = best_.operations[operation];
  if (op.event.value[argument] == value) return false;
  Program trial = best_;
  trial.operations[operation].event.value[argument] = value;
  if (rules_of(best_).is_alias(trial.operations[operation].event)) return false;
  if (shows_last_) {
    // Where the specification itself would answer differently the violation would be another one.
    Predictor model(best_);
    if (!(model.last(trial) == model.last(best_))) return false;
  }
  if (!still_fails(trial)) return false;
  best_ = std::move(trial);
  return true;
}

// Towards initial values, 0 and 1, then by halving; all threads to the first.
void Minimiser::simplify() {
  const Rules& rules = rules_of(best_);
  for (std::size_t i = 0; i < best_.operations.size() && !ended_; ++i) {
    if (best_.operations[i].thread != 0) {
      Program trial = best_;
      trial.operations[i].thread = 0;
      if (still_fails(trial)) best_ = std::move(trial);
    }
    if (best_.operations[i].kind != Operation::Kind::call) continue;
    const u32 rule = best_.operations[i].event.rule;
    for (unsigned a : rules.facts(rule).inputs) {
      const ArgumentInfo& info = rules.info(rule).arguments[a];
      const u64 plain = means_untold(info) ? 1 : info.initial;
      if (best_.operations[i].event.value[a] == plain || simpler(i, a, plain)) continue;
      if (best_.operations[i].event.value[a] <= 1 || simpler(i, a, 0) || simpler(i, a, 1)) continue;
      if (info.width < 64) continue;  // small words are numbers of something: leave them
      while (best_.operations[i].event.value[a] > rules.system().info().page_bytes &&
             simpler(i, a, best_.operations[i].event.value[a] / 2)) {}
    }
  }
}

}  // namespace

Program without(const Program& p, const std::vector<bool>& drop) {
  Program out = p;
  out.operations.clear();
  for (std::size_t i = 0; i < p.operations.size(); ++i)
    if (!drop[i]) out.operations.push_back(p.operations[i]);
  drop_orphans(out);
  return out;
}

std::vector<u32> model_slice(const Program& p, std::size_t at) {
  Program whole = p;
  whole.operations.resize(at + 1);
  // Number the operations, to find them again: seed and answer fields play no part in execution.
  for (u32 i = 0; i < whole.operations.size(); ++i) whole.operations[i].event.returned = i;
  Predictor model(p);
  const Predictor::Answer wanted = model.last(whole);
  const u64 last = at;
  Reducer reducer([&](const Program& trial) {
    return !trial.operations.empty() && trial.operations.back().event.returned == last &&
           model.last(trial) == wanted;
  });
  reducer.reduce(whole);
  std::vector<u32> out;
  for (const Operation& op : whole.operations) out.push_back(static_cast<u32>(op.event.returned));
  return out;
}

MinimiseResult minimise(const Program& program, const MinimiseOptions& options) {
  return Minimiser(program, options).run();
}

}  // namespace assay::gen

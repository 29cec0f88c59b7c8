#include "gen/search.hpp"

#include <bit>

namespace assay::gen {
namespace {

constexpr u64 dirty_bytes_max = u64{1} << 30;

}  // namespace

// A dirty bitmap costs the kernel memory in proportion to the slot; everything else a program can
// ask for is bounded by the machine it runs in.
bool harmless(const Rules& rules, Event& e, Random& random) {
  const RuleFacts& f = rules.facts(e.rule);
  const Event& blank = rules.blank(e.rule);
  for (Arguments left = f.untold; left != 0; left &= left - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(left));
    if (e.value[i] == blank.value[i]) e.value[i] = random.one_in(8) ? random.below(3) : 1;
  }
  for (const RuleFacts::Hides& h : f.hides)
    if (e.value[h.flag] != 0)
      for (unsigned i : h.arguments) e.value[i] = blank.value[i];
  if (f.dirty_flags >= 0 && f.dirty_size >= 0 &&
      e.value[static_cast<std::size_t>(f.dirty_size)] > dirty_bytes_max && !random.one_in(64))
    e.value[static_cast<std::size_t>(f.dirty_flags)] &= ~u64{1};
  return !rules.is_alias(e);
}

void Search::forget() { last_good_.assign(rules_.count(), Event{}); }
void Search::remember(const Event& e) { last_good_[e.rule] = e; }

void Search::look_closely(const Operation& op, const Where& where) {
  probe(world_.profile(), event_at(rules_, op, where.task, where.cpu), world_.index_of(op),
        world_.state_of(op), probe_);
  nearby_ = &probe_.edges;
}

// An example of the wanted outcome, what worked lately, or the initial arguments.
void Search::start(Operation& op, std::size_t outcome, Random& random) const {
  const u32 rule = op.event.rule;
  const Event* from = nullptr;
  const auto& samples = knowledge_.samples({rule, outcome});
  switch (random.below(4)) {
    case 0: break;
    case 1:
      if (last_good_[rule].rule == rule) from = &last_good_[rule];
      break;
    default:
      if (!samples.empty()) from = &samples[random.below(samples.size())];
  }
  if (from != nullptr) op.event.value = from->value;
  else op.event.value = rules_.blank(rule).value;
  const Event& blank = rules_.blank(rule);
  const RuleFacts& f = rules_.facts(rule);
  for (int i : {f.task, f.cpu})
    if (i >= 0)
      op.event.value[static_cast<std::size_t>(i)] = blank.value[static_cast<std::size_t>(i)];
}

std::size_t Search::position(u32 rule, const char* id) {
  for (const auto& [known, at] : positions_[rule])
    if (known == id) return at;
  const std::size_t at = knowledge_.boundaries.position(rule, id);
  positions_[rule].emplace_back(id, at);
  return at;
}

std::size_t Search::evaluate(const Operation& op, const Where& where) {
  Event e = event_at(rules_, op, where.task, where.cpu);
  const RuleFacts& f = rules_.facts(e.rule);
  const bool judges_answers = f.answers_from < rules_.info(e.rule).arguments.size();
  Choices choices;
  StepOptions options;
  options.choices = &choices;
  StepResult r = world_.step(op, e, options);
  // A freedom that an environment decides: take the way that is consistent with it. Failures that
  // may always happen are not foreseen.
  while (r.ok && !r.legal && !judges_answers && choices.next()) {
    world_.undo();
    r = world_.step(op, e, options);
  }
  ok_ = r.ok;
  outcome_ = r.ok ? knowledge_.success(e.rule) : position(e.rule, r.decided_by);
  return outcome_;
}

// One of the arguments on which a check depends; any argument if it depends on none.
unsigned Search::choose_argument(const Operation& op, std::size_t check, Random& random) const {
  const auto& inputs = rules_.facts(op.event.rule).inputs;
  Arguments of = 0, all = 0;
  for (unsigned i : inputs) all |= Arguments{1} << i;
  if (check < knowledge_.success(op.event.rule))
    of = knowledge_.boundaries.depends(op.event.rule, check) & all;
  if (of == 0 || random.one_in(8)) of = all;
  u64 skip = random.below(static_cast<u64>(std::popcount(of)));
  while (skip-- != 0) of &= of - 1;
  return static_cast<unsigned>(std::countr_zero(of));
}

bool Search::run(Operation& op, const Where& where, std::size_t outcome, unsigned tries,
                 Random& random) {
  const RuleFacts& f = rules_.facts(op.event.rule);
  start(op, outcome, random);
  const ArgumentSource source{knowledge_, pool_, nearby_};
  if (!f.inputs.empty() && random.one_in(2)) {
    const unsigned a = choose_argument(op, outcome, random);
    op.event.value[a] = source.draw(op.event, a, random);
  }
  std::array<u64, Event::values_max> best = op.event.value;
  std::size_t best_distance = ~std::size_t{0};
  for (unsigned t = 0;; ++t) {
    if (!harmless(rules_, op.event, random)) {
      op.event.value = rules_.blank(op.event.rule).value;
      if (!harmless(rules_, op.event, random)) return false;
    }
    const std::size_t got = evaluate(op, where);
    if (got == outcome || t == tries || f.inputs.empty()) return got == outcome;
    world_.undo();
    // Closer means that a later check decided, up to the wanted one; beyond it counts as just as
    // good, because only the wanted check's own arguments are to be changed then.
    const std::size_t distance = got < outcome ? outcome - got : 0;
    if (distance <= best_distance) {
      best_distance = distance;
      best = op.event.value;
    } else {
      op.event.value = best;
    }
    const std::size_t check = got < outcome ? got : outcome;
    // The state decides, and no argument will help: one last try, for what nobody learned yet.
    if (got < outcome && knowledge_.boundaries.depends(op.event.rule, got) == 0) t = tries - 1;
    for (u64 changes = 1 + (random.one_in(4) ? 1 : 0); changes != 0; --changes) {
      const unsigned a = choose_argument(op, check, random);
      op.event.value[a] = source.draw(op.event, a, random);
    }
  }
}

}  // namespace assay::gen

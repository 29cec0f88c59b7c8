#include "gen/case_builder.hpp"

#include <algorithm>
#include <cstring>

namespace assay::gen {
namespace {

std::size_t index(HandleKind kind) { return static_cast<std::size_t>(kind); }

constexpr std::size_t cpus_max = 64;  // that programs place their threads on
constexpr u32 stuck_after = 4;  // failures with the same cause: the VM is good for little more

bool acts_on(const RuleFacts& f, HandleKind kind) {
  return std::find(f.on.begin(), f.on.end(), kind) != f.on.end();
}

}  // namespace

CaseBuilder::CaseBuilder(const Profile& profile, const SystemHost& host, const Knowledge& knowledge)
    : rules_(Rules::of(profile)),
      profile_(profile),
      knowledge_(knowledge),
      world_(profile, host),
      search_(knowledge, world_, pool_),
      swarm_(rules_.count()) {
  std::size_t kinds = 0;
  for (const HandleDeclaration& known : system_handles())
    kinds = std::max(kinds, index(known.kind) + 1);
  handles_.resize(kinds);
  eager_.resize(kinds);
  for (u32 r = 0; r < rules_.count(); ++r) {
    const RuleFacts& f = rules_.facts(r);
    const bool always = acts_on(f, HandleKind::system);
    const bool here = f.is_call && rules_.info(r).is_of(profile);
    acts_on_.push_back(!here ? HandleKind::none : always ? HandleKind::system : f.on.front());
  }
  weights_.resize(rules_.count());
  for (const auto& checks : knowledge.boundaries.checks()) reached_.emplace_back(checks.size() + 1);
}

void CaseBuilder::begin(const GeneratorOptions& options) {
  world_.reset(program_->host);
  pool_.clear();
  search_.forget();
  vm_ = vms_made_ = 0;
  live_.clear();
  vms_wanted_ = random_.one_in(6) ? options.vms_max : 1;
  static constexpr unsigned vcpus[] = {1, 1, 1, 2, 2, 3, 4, 12};
  objects_wanted_ =
      learned_ != nullptr && random_.one_in(4) ? 12 : vcpus[random_.below(std::size(vcpus))];
  threads_ = 1 + static_cast<unsigned>(random_.one_in(2) ? 0 : random_.below(threads_max));
  // What is made late meets other states: many vCPUs before the first device, and the reverse.
  for (u32 r = 0; r < rules_.count(); ++r)
    if (rules_.facts(r).makes != HandleKind::none)
      eager_[index(rules_.facts(r).makes)] = random_.one_in(3) ? 1 : 6;
  eager_[index(HandleKind::vm)] = 6;
  made_.clear();
  failed_alike_.clear();
  last_outcome_.clear();
  cpu_of_.fill(-1);
  history_.clear();
  version_ = 1;
  no_progress_.assign(rules_.count(), 0);
  // Swarm: half of the cases leave some rules out and favour others.
  const bool swarm = random_.one_in(2);
  static constexpr std::uint8_t weights[] = {0, 1, 4, 8};
  for (auto& w : swarm_) w = swarm ? weights[random_.below(std::size(weights))] : 4;
  const auto& goals = knowledge_.goals();
  goal_ = goals[program_->number % goals.size()];
  // Cases that are learned from go for what was never reached.
  if (learned_ != nullptr)
    for (unsigned i = 0; i < 8 && reached(goal_) != 0; ++i)
      goal_ = goals[random_.below(goals.size())];
  pe_count_ = 0;
  pes_differ_ = false;
  u64 first = 0;
  std::vector<u64> cpus = rules_.system().info().cpus(program_->host);
  if (cpus.size() > cpus_max) cpus.resize(cpus_max);
  for (std::size_t i = 0; i < cpus.size(); ++i) {
    if (cpus[i] == 0) continue;
    pes_differ_ = pes_differ_ || (pe_count_ != 0 && cpus[i] != first);
    first = cpus[i];
    pe_count_ = i + 1;
  }
}

void CaseBuilder::build(Program& p, const GeneratorOptions& options, Random& random) {
  program_ = &p;
  random_ = random;
  begin(options);
  const std::size_t length = random_.between(options.length_min, options.length_max);
  place_threads();
  start_from_recipe();
  while (p.operations.size() < length) next_operation();
}

// On a machine whose CPUs differ, where a call runs matters: most programs say it.
void CaseBuilder::place_threads() {
  if (!pes_differ_ || random_.one_in(4)) return;
  for (unsigned t = 0; t < threads_; ++t) move_thread(t);
}

void CaseBuilder::move_thread(unsigned thread) {
  Operation op;
  op.kind = Operation::Kind::affinity;
  op.thread = static_cast<std::uint8_t>(thread);
  op.cpu = static_cast<u32>(random_.below(pe_count_));
  cpu_of_[thread] = static_cast<std::int32_t>(op.cpu);
  program_->operations.push_back(op);
}

// Two thirds of the cases start with the calls by which learning reached an outcome: those before
// this case's goal, or all those before any other. The rest starts from nothing.
void CaseBuilder::start_from_recipe() {
  if (random_.one_in(learned_ != nullptr ? 8 : 3)) return;
  const auto& goals = knowledge_.goals();
  const bool towards = !random_.one_in(learned_ != nullptr ? 2 : 3);
  Goal g = towards ? goal_ : goals[random_.below(goals.size())];
  // No way known: where its rule can succeed is a good place to look from.
  if (towards && knowledge_.recipe(g).empty()) g.outcome = knowledge_.success(g.rule);
  // While learning, cases go on from outcomes that few others have reached.
  for (unsigned i = 0; learned_ != nullptr && !towards && i < 6; ++i) {
    const Goal other = goals[random_.below(goals.size())];
    const bool known = !knowledge_.recipe(other).empty();
    if (known && (knowledge_.recipe(g).empty() || reached(other) < reached(g))) g = other;
  }
  const auto& oddities = knowledge_.oddities();
  const bool odd = !towards && !oddities.empty() && random_.one_in(2);
  const Knowledge::Recipe& known =
      odd ? oddities[random_.below(oddities.size())] : knowledge_.recipe(g);
  // What is learned while a recipe is repeated may replace or move it.
  Knowledge::Recipe copy;
  if (learned_ != nullptr) copy = known;
  const Knowledge::Recipe& recipe = learned_ != nullptr ? copy : known;
  if (recipe.empty()) return;
  for (std::size_t i = 0; i + (towards ? 1 : 0) < recipe.size(); ++i) repeat(recipe[i]);
  if (!towards || live_.empty()) return;
  vm_ = live_.back();
  for (unsigned i = 0; i < 4; ++i)
    if (attempt_rule(goal_.rule, Intent::goal)) return;
}

// One step of a recipe, now and then with another argument that works as well.
void CaseBuilder::repeat(const Operation& step) {
  Operation op = step;
  const RuleFacts& f = rules_.facts(op.event.rule);
  const bool concerns_vm = op.on != HandleKind::system || f.makes == HandleKind::vm;
  if (concerns_vm && f.makes != HandleKind::vm && vms_made_ == 0) return;
  if (concerns_vm) vm_ = f.makes == HandleKind::vm ? vms_made_ : vms_made_ - 1;
  op.event.vm = concerns_vm ? vm_ : 0;
  if (threads_ <= op.thread) threads_ = op.thread + 1u;
  if (!world_.usable(op)) return;
  if (!f.inputs.empty() && random_.one_in(8)) {
    Operation other = op;
    const unsigned a = f.inputs[random_.below(f.inputs.size())];
    other.event.value[a] = ArgumentSource{knowledge_, pool_}.draw(op.event, a, random_);
    if (harmless(rules_, other.event, random_)) {
      search_.evaluate(other, where(other));
      if (search_.ok()) return push(other);
      world_.undo();
    }
  }
  search_.evaluate(op, where(op));
  push(op);
}

// A thread that was not placed is predicted on the first CPU; on a machine whose CPUs are alike
// that makes no difference.
Where CaseBuilder::where(const Operation& op) const {
  const std::int32_t cpu = cpu_of_[op.thread];
  return {task_of(op.thread), cpu < 0 && pe_count_ != 0 ? 0 : cpu};
}

// Mostly a VM that is alive; none may be left.
void CaseBuilder::pick_vm() {
  if (vms_made_ == 0) return;
  std::erase_if(live_, [&](u32 vm) { return failed_alike_[vm] >= stuck_after; });
  const bool any = live_.empty() || random_.one_in(64);
  vm_ = any ? static_cast<u32>(random_.below(vms_made_)) : live_[random_.below(live_.size())];
}

void CaseBuilder::next_operation() {
  if (pes_differ_ && random_.one_in(24))
    return move_thread(static_cast<unsigned>(random_.below(threads_)));
  if (random_.one_in(96)) return close_something();
  pick_vm();
  const u64 dice = random_.below(20);
  const Intent intent = dice < 11   ? Intent::progress
                        : dice < 15 ? Intent::goal
                        : dice < 19 ? Intent::probe
                                    : Intent::anything;
  for (unsigned i = 0; i < 5; ++i)
    if (attempt(intent)) return;
  while (!attempt(Intent::anything)) {}
}

bool CaseBuilder::attempt(Intent intent) {
  if (intent == Intent::goal && (lacks(HandleKind::vm) || random_.one_in(3)))
    return attempt_rule(pick_rule(Intent::progress), Intent::progress);
  return attempt_rule(intent == Intent::goal ? goal_.rule : pick_rule(intent), intent);
}

// Whether this VM (or the program) has fewer handles of a kind than this case wants.
bool CaseBuilder::lacks(HandleKind kind) const {
  switch (kind) {
    case HandleKind::vm: return live_.size() < vms_wanted_;
    // One of the devices that calls are made on.
    case HandleKind::device:
      return std::any_of(rules_.acted_on().begin(), rules_.acted_on().end(),
                         [&](HandleKind k) { return traces::is_device(k) && lacks(k); });
    default: break;
  }
  if (vms_made_ == 0) return false;
  if (!Rules::is_counted(kind)) return !world_.has_open(vm_, kind);
  return vm_ < world_.vm_count() && world_.objects(vm_, kind).size() < objects_wanted_;
}

// How many of a kind a VM was given so far.
u32& CaseBuilder::made_of(u32 vm, HandleKind kind) {
  std::vector<u32>& made = made_[vm];
  if (made.size() <= index(kind)) made.resize(index(kind) + 1);
  return made[index(kind)];
}

// What a call makes has the next number of its kind. Also for a step of a recipe that was changed:
// it may make something else than it did, or nothing.
void CaseBuilder::number(Operation& op) {
  const HandleKind makes = rules_.made_by(op.event);
  if (Rules::is_counted(makes)) op.event.handle = made_of(op.event.vm, makes)++;
  else if (!Rules::is_counted(op.on)) op.event.handle = 0;
}

void CaseBuilder::find_handles() {
  std::fill(handles_.begin(), handles_.end(), Handles{});
  handles_[index(HandleKind::system)].usable = true;
  handles_[index(HandleKind::device)].lacking = lacks(HandleKind::device);
  const bool there_is_a_vm = vms_made_ != 0 && vm_ < world_.vm_count();
  for (HandleKind kind : rules_.acted_on())
    handles_[index(kind)] = {there_is_a_vm && world_.has_open(vm_, kind), lacks(kind)};
}

u32 CaseBuilder::pick_rule(Intent intent) {
  find_handles();
  unsigned total = 0;
  for (u32 r = 0; r < rules_.count(); ++r) {
    unsigned w = 0;
    const bool hopeless =
        intent == Intent::progress && (!knowledge_.changes_state(r) || no_progress_[r] == version_);
    if (handles_[index(acts_on_[r])].usable && !hopeless) {
      const HandleKind makes = rules_.facts(r).makes;
      w = 4u * swarm_[r];
      if (makes != HandleKind::none) {
        w = std::max(w, 8u);
        w = handles_[index(makes)].lacking ? w * eager_[index(makes)]
            : intent == Intent::progress   ? 0
                                           : w / 8;
      }
    }
    weights_[r] = w;
    total += w;
  }
  if (total == 0) return pick_rule(Intent::anything);
  u64 at = random_.below(total);
  for (u32 r = 0; r < rules_.count(); ++r) {
    if (at < weights_[r]) return r;
    at -= weights_[r];
  }
  return 0;
}

// Chooses the handles of an operation; false when there is none of the kind it needs.
bool CaseBuilder::shape(Operation& op, u32 rule) {
  const RuleFacts& f = rules_.facts(rule);
  op.event.rule = rule;
  op.event.vm = vm_;
  op.on = f.on[random_.below(f.on.size())];
  if (op.on != HandleKind::system && (vms_made_ == 0 || vm_ >= world_.vm_count())) {
    if (!acts_on(f, HandleKind::system)) return false;
    op.on = HandleKind::system;
  }
  const bool wanders = f.task >= 0 ? threads_ > 1 : random_.one_in(8);
  op.thread = static_cast<std::uint8_t>(wanders ? random_.below(threads_) : 0);
  if (Rules::is_counted(op.on)) {
    const auto& all = world_.objects(vm_, op.on);
    if (all.empty()) return false;
    op.event.handle = static_cast<u32>(random_.below(all.size()));
  }
  if (op.on == HandleKind::system) op.event.vm = f.makes == HandleKind::vm ? vms_made_ : 0;
  return world_.usable(op);
}

std::size_t CaseBuilder::pick_outcome(u32 rule, Intent intent) {
  if (intent == Intent::progress) return knowledge_.success(rule);
  if (intent == Intent::goal) return goal_.outcome;
  return random_.below(knowledge_.success(rule) + 1);
}

bool CaseBuilder::attempt_rule(u32 rule, Intent intent) {
  Operation op;
  if (!shape(op, rule)) return false;
  const Where at = where(op);
  const std::size_t outcome = pick_outcome(rule, intent);
  const bool closely = intent == Intent::goal && random_.one_in(8);
  if (closely) search_.look_closely(op, at);
  const bool hit = search_.run(op, at, outcome, intent == Intent::anything ? 0 : 8, random_);
  if (closely) search_.look_normally();
  if (rules_.is_alias(op.event)) return world_.undo(), false;
  const bool takes = intent == Intent::anything || (hit && intent != Intent::progress) ||
                     (intent == Intent::probe && random_.one_in(3)) ||
                     (intent == Intent::progress && accept(op, intent));
  if (!takes) {
    if (intent == Intent::progress) no_progress_[rule] = version_;
    return world_.undo(), false;
  }
  constexpr u64 well_known = 6;  // from then on an outcome shows little that is new
  if (learned_ != nullptr && reached_[rule][search_.outcome()] < well_known) observe(op, at);
  push(op);
  if (hit && intent == Intent::goal) {
    const auto& goals = knowledge_.goals();
    goal_ = goals[random_.below(goals.size())];
  }
  return true;
}

// Progress is a success that changed something; one that did not is welcome now and then. A failure
// that only a not-told argument caused (a run that was to return at once) counts as success.
bool CaseBuilder::accept(const Operation& op, Intent) {
  if (search_.ok()) {
    if (rules_.facts(op.event.rule).makes != HandleKind::none) return true;
    return world_.changed() || random_.one_in(6);
  }
  const std::size_t outcome = search_.outcome();
  if (outcome >= knowledge_.success(op.event.rule)) return false;
  const Arguments from = knowledge_.boundaries.depends(op.event.rule, outcome);
  return from != 0 && (from & ~rules_.facts(op.event.rule).untold) == 0;
}

// Learns from the state before the call: the step is taken back for it and repeated.
void CaseBuilder::observe(const Operation& op, const Where& at) {
  world_.undo();
  Probe seen;
  const Event e = event_at(rules_, op, at.task, at.cpu);
  probe(profile_, e, world_.index_of(op), world_.state_of(op), seen);
  learned_->boundaries.learn(e, seen);
  search_.evaluate(op, at);
  learned_->keep_sample(op.event, search_.outcome());
}

void CaseBuilder::note_effects(const Operation& op) {
  for (const Journal::Entry& e : world_.journal().entries()) {
    if (e.bytes != sizeof(WrittenCell<Number>)) continue;
    WrittenCell<Number> cell;
    std::memcpy(static_cast<void*>(&cell), e.place, sizeof cell);
    pool_.add(64, cell.value.value());
  }
  const RuleInfo& info = rules_.info(op.event.rule);
  for (unsigned i : rules_.facts(op.event.rule).inputs)
    if (info.arguments[i].width > 1) pool_.add(info.arguments[i].width, op.event.value[i]);
}

void CaseBuilder::push(const Operation& built) {
  Operation op = built;
  number(op);
  const bool ok = search_.ok();
  const std::size_t outcome = search_.outcome();
  ++reached_[op.event.rule][outcome];
  if (learned_ != nullptr) write_recipe(op);
  version_ += world_.changed() || rules_.facts(op.event.rule).makes != HandleKind::none;
  if (ok) {
    note_effects(op);
    search_.remember(op.event);
  }
  if (op.on == HandleKind::system) {
    if (rules_.facts(op.event.rule).makes == HandleKind::vm) {
      if (ok) live_.push_back(vms_made_);
      ++vms_made_;
      made_.emplace_back();
      failed_alike_.push_back(0);
      last_outcome_.push_back(~std::size_t{0});
    }
  } else {
    failed_alike_[op.event.vm] = ok ? 0
                                 : outcome == last_outcome_[op.event.vm]
                                     ? failed_alike_[op.event.vm] + 1
                                     : 1;
    last_outcome_[op.event.vm] = outcome;
  }
  world_.keep(op, ok);
  program_->operations.push_back(op);
}

void CaseBuilder::write_recipe(const Operation& op) {
  const Goal g{op.event.rule, search_.outcome()};
  if (op.on == HandleKind::system && rules_.facts(op.event.rule).makes != HandleKind::vm)
    return learned_->keep_recipe(g, {op}, program_->host);  // it concerns no VM
  if (op.event.vm >= history_.size()) history_.resize(op.event.vm + 1);
  Knowledge::Recipe& so_far = history_[op.event.vm];
  so_far.push_back(op);
  so_far.back().event.vm = 0;
  learned_->keep_recipe(g, so_far, program_->host);
  if (search_.ok()) learned_->keep_oddity(op.event, so_far);
  const bool makes = rules_.made_by(op.event) != HandleKind::none;
  if (!makes && !world_.changed()) so_far.pop_back();
}

void CaseBuilder::close_something() {
  Operation op;
  op.kind = Operation::Kind::close;
  pick_vm();
  op.event.vm = vm_;
  const std::vector<HandleKind>& kinds = rules_.acted_on();
  op.on = kinds[random_.below(kinds.size())];
  if (vms_made_ == 0 || vm_ >= world_.vm_count()) return;
  if (Rules::is_counted(op.on)) {
    const auto& all = world_.objects(vm_, op.on);
    if (all.empty()) return;
    op.event.handle = static_cast<u32>(random_.below(all.size()));
  }
  if (!world_.usable(op)) return;
  world_.close(op);
  program_->operations.push_back(op);
}

}  // namespace assay::gen

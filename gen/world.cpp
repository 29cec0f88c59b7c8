#include "gen/world.hpp"

#include <algorithm>
#include <cstring>

#include "model/explains.hpp"

namespace assay::gen {
World::World(const Profile& profile, const SystemHost& host)
    : rules_(Rules::of(profile)), profile_(&profile) {
  reset(host);
}

void World::reset(const SystemHost& host) {
  system_ = rules_.system().in<Recorded>().on_host(host);
  next_.reset();
  reset();
}

void World::reset() {
  vms_used_ = 0;
  journal_.clear();
}

World::Entry& World::entry(u32 vm) {
  if (vm >= vms_.size()) vms_.resize(vm + 1);
  while (vms_used_ <= vm) {
    Entry& e = vms_[vms_used_++];
    e.open = false;
    for (Objects& o : e.of) {
      o.number.clear();
      o.made = 0;
    }
  }
  return vms_[vm];
}

World::Objects& World::objects_of(u32 vm, HandleKind kind) {
  std::vector<Objects>& of = entry(vm).of;
  const auto at = static_cast<std::size_t>(kind);
  if (at >= of.size()) of.resize(at + 1);
  return of[at];
}

const std::vector<std::int32_t>& World::objects(u32 vm, HandleKind kind) const {
  static const std::vector<std::int32_t> none;
  const auto at = static_cast<std::size_t>(kind);
  if (vm >= vms_used_ || at >= vms_[vm].of.size()) return none;
  return vms_[vm].of[at].number;
}

bool World::has_open(u32 vm, HandleKind kind) const {
  if (kind == HandleKind::vm) return vm_open(vm);
  const std::vector<std::int32_t>& all = objects(vm, kind);
  return std::any_of(all.begin(), all.end(), [](std::int32_t number) { return number >= 0; });
}

bool World::makes_vm(const Operation& op) const {
  return op.kind == Operation::Kind::call && rules_.facts(op.event.rule).makes == HandleKind::vm;
}

bool World::usable(const Operation& op) const {
  if (op.kind == Operation::Kind::affinity || op.on == HandleKind::system) return true;
  if (op.on == HandleKind::vm) return vm_open(op.event.vm);
  const Object object = Rules::object_of(op.on, op.event);
  const std::vector<std::int32_t>& all = objects(object.vm, object.kind);
  return object.number < all.size() && all[object.number] >= 0;
}

RecordedVm& World::state_of(const Operation& op) {
  if (makes_vm(op)) {
    if (!next_) next_ = std::make_unique<RecordedVm>(system_);
    return *next_;
  }
  return op.on == HandleKind::system ? system_ : *vms_[op.event.vm].state;
}

u32 World::index_of(const Operation& op) const {
  if (!Rules::is_counted(op.on)) return 0;
  return static_cast<u32>(objects(op.event.vm, op.on)[op.event.handle]);
}

StepResult World::step(const Operation& op, Event& e, const StepOptions& options) {
  e.handle = index_of(op);
  journal_.clear();
  StepContext context;
  context.profile = profile_;
  context.choices = options.choices;
  context.mutation = options.mutation;
  context.journal = &journal_;
  context.coverage = options.coverage;
  context.rule = e.rule;
  context.observed = options.observed;
  context.knows_observed = options.knows_observed;
  Step<Recorded> k(context);
  apply_rule(e, k, state_of(op));
  StepResult r;
  r.ok = k.ok();
  r.legal = k.illegal() == nullptr;
  r.code = static_cast<Errno>(k.code().value());
  r.decided_by = k.ok() ? k.illegal() : k.decided_by();
  r.explains = options.knows_observed && explains(k, e, *profile_);
  r.has_returned = k.has_return();
  r.returned = k.returned().value();
  return r;
}

bool World::changed() const {
  for (const Journal::Entry& e : journal_.entries())
    if (std::memcmp(e.before, e.place, e.bytes) != 0) return true;
  return false;
}

void World::keep(const Operation& op, bool made) {
  journal_.clear();
  const HandleKind kind = rules_.made_by(op.event);
  if (kind == HandleKind::none) return;
  if (kind == HandleKind::vm) {
    Entry& e = entry(op.event.vm);
    if (!made) return;
    e.open = true;
    std::swap(e.state, next_);
    // The old state of this entry is used again: a fresh copy keeps its chunks' memory busy for no
    // longer than the next create call.
    next_.reset();
    return;
  }
  const Object object = Rules::object_of(kind, op.event);
  Objects& all = objects_of(object.vm, kind);
  if (object.number >= all.number.size()) all.number.resize(object.number + 1, -1);
  if (made) all.number[object.number] = static_cast<std::int32_t>(all.made++);
}

void World::close(const Operation& op) {
  if (!usable(op)) return;
  const Object object = Rules::object_of(op.on, op.event);
  if (op.on == HandleKind::vm) vms_[object.vm].open = false;
  else objects_of(object.vm, object.kind).number[object.number] = -1;
}

Event event_at(const Rules& rules, const Operation& op, u32 task, std::int32_t cpu) {
  Event e = op.event;
  const RuleFacts& f = rules.facts(e.rule);
  if (f.task >= 0) e.value[static_cast<std::size_t>(f.task)] = task;
  if (f.cpu >= 0 && cpu >= 0) e.value[static_cast<std::size_t>(f.cpu)] = static_cast<u64>(cpu);
  return e;
}

std::optional<Doubt> first_doubt(World& world, const Program& p, const Answers& answers,
                                 Coverage* coverage) {
  world.reset(p.host);
  const Rules& rules = world.rules();
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const Operation& op = p.operations[i];
    const Answer& a = answers.of[i];
    if (!a.executed || !world.usable(op)) continue;
    if (op.kind == Operation::Kind::close) world.close(op);
    if (op.kind != Operation::Kind::call || !a.event.answered) continue;
    Operation performed = op;
    performed.event = a.event;
    Event e = event_at(rules, performed, a.tid != 0 ? a.tid : task_of(op.thread), a.cpu);
    StepOptions options;
    options.coverage = coverage;
    options.observed = e.answer;
    options.knows_observed = true;
    // What a maker returns is a descriptor, not a number the specification knows.
    if (rules.facts(e.rule).makes != HandleKind::none) e.has_returned = false;
    const StepResult r = world.step(op, e, options);
    if (!r.explains)
      return Doubt{i, std::string(rules.info(e.rule).name) + "." +
                          (r.decided_by == nullptr ? "success" : r.decided_by)};
    world.keep(op, e.answer == Errno::ok);
  }
  return std::nullopt;
}

}  // namespace assay::gen

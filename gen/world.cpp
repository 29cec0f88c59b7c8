#include "gen/world.hpp"

#include <cstring>

namespace assay::gen {
namespace {

void set_host(RecordedVm& vm, const Host<Concrete>& host) {
  vm = RecordedVm{};
  leaves([](auto& leaf, const auto& from) { store(leaf, raw(from)); }, vm.host, host);
}

}  // namespace

World::World(const Profile& profile, const Host<Concrete>& host)
    : rules_(Rules::instance()), profile_(&profile) {
  reset(host);
}

void World::reset(const Host<Concrete>& host) {
  set_host(system_, host);
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
    e.open = e.vgic = false;
    e.vcpus.clear();
    e.made = 0;
  }
  return vms_[vm];
}

bool World::makes_vm(const Operation& op) const {
  return op.kind == Operation::Kind::call && rules_.facts(op.event.rule).makes == HandleKind::vm;
}

bool World::usable(const Operation& op) const {
  if (op.kind == Operation::Kind::affinity || op.on == HandleKind::system) return true;
  if (op.event.vm >= vms_used_) return false;
  const Entry& e = vms_[op.event.vm];
  switch (op.on) {
    case HandleKind::vm: return e.open;
    case HandleKind::vgic: return e.vgic;
    case HandleKind::vcpu: return op.event.vcpu < e.vcpus.size() && e.vcpus[op.event.vcpu] >= 0;
    default: return false;
  }
}

RecordedVm& World::state_of(const Operation& op) {
  if (makes_vm(op)) {
    if (!next_) next_ = std::make_unique<RecordedVm>(system_);
    return *next_;
  }
  return op.on == HandleKind::system ? system_ : *vms_[op.event.vm].state;
}

u32 World::index_of(const Operation& op) const {
  if (op.on != HandleKind::vcpu) return 0;
  return static_cast<u32>(vms_[op.event.vm].vcpus[op.event.vcpu]);
}

StepResult World::step(const Operation& op, Event& e, const StepOptions& options) {
  e.vcpu = index_of(op);
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
  r.has_returned = k.has_return();
  r.returned = k.returned().value();
  r.held = k.held();
  return r;
}

bool World::changed() const {
  for (const Journal::Entry& e : journal_.entries())
    if (std::memcmp(e.before, e.place, e.bytes) != 0) return true;
  return false;
}

void World::keep(const Operation& op, bool made) {
  journal_.clear();
  switch (rules_.made_by(op.event)) {
    case HandleKind::vm: {
      Entry& e = entry(op.event.vm);
      if (!made) return;
      e.open = true;
      std::swap(e.state, next_);
      // The old state of this entry is used again: a fresh copy keeps its chunks' memory busy
      // for no longer than the next create call.
      next_.reset();
      return;
    }
    case HandleKind::vcpu: {
      Entry& e = entry(op.event.vm);
      if (op.event.vcpu >= e.vcpus.size()) e.vcpus.resize(op.event.vcpu + 1, -1);
      if (made) e.vcpus[op.event.vcpu] = static_cast<std::int32_t>(e.made++);
      return;
    }
    case HandleKind::vgic:
      if (made) entry(op.event.vm).vgic = true;
      return;
    default: return;
  }
}

void World::close(const Operation& op) {
  if (!usable(op)) return;
  Entry& e = vms_[op.event.vm];
  if (op.on == HandleKind::vm) e.open = false;
  if (op.on == HandleKind::vgic) e.vgic = false;
  if (op.on == HandleKind::vcpu) e.vcpus[op.event.vcpu] = -1;
}

Event event_at(const Operation& op, u32 task, std::int32_t cpu) {
  Event e = op.event;
  const RuleFacts& f = Rules::instance().facts(e.rule);
  if (f.task >= 0) e.value[static_cast<std::size_t>(f.task)] = task;
  if (f.cpu >= 0 && cpu >= 0) e.value[static_cast<std::size_t>(f.cpu)] = static_cast<u64>(cpu);
  return e;
}

namespace {

bool agrees(const StepResult& r, const Event& e, const Profile& profile) {
  if (e.answer != Errno::ok) {
    if (r.ok) return false;
    return r.code == e.answer ||
           (profile.precedence == Precedence::documented && r.held.has(e.answer));
  }
  return r.ok && r.legal && (!r.has_returned || !e.has_returned || r.returned == e.returned);
}

}  // namespace

std::optional<Doubt> first_doubt(World& world, const Program& p, const Answers& answers,
                                 Coverage* coverage) {
  world.reset(p.host);
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const Operation& op = p.operations[i];
    const Answer& a = answers.of[i];
    if (!a.executed || !world.usable(op)) continue;
    if (op.kind == Operation::Kind::close) world.close(op);
    if (op.kind != Operation::Kind::call || !a.event.answered) continue;
    Operation performed = op;
    performed.event = a.event;
    Event e = event_at(performed, a.tid != 0 ? a.tid : task_of(op.thread), a.cpu);
    StepOptions options;
    options.coverage = coverage;
    options.observed = e.answer;
    options.knows_observed = true;
    const Rules& rules = Rules::instance();
    // What a maker returns is a descriptor, not a number the specification knows.
    if (rules.facts(e.rule).makes != HandleKind::none) e.has_returned = false;
    const StepResult r = world.step(op, e, options);
    if (!agrees(r, e, world.profile()))
      return Doubt{i, std::string(rules.info(e.rule).name) + "." +
                          (r.decided_by == nullptr ? "success" : r.decided_by)};
    world.keep(op, e.answer == Errno::ok);
  }
  return std::nullopt;
}

}  // namespace assay::gen

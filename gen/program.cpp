#include "gen/program.hpp"

#include <algorithm>

#include "gen/random.hpp"

namespace assay::gen {
namespace {

// What a call would make, kind none for most.
Object object_made(const Rules& rules, const Operation& op) {
  if (op.kind != Operation::Kind::call) return {};
  return Rules::object_of(rules.made_by(op.event), op.event);
}

bool needs_maker(const Operation& op) {
  return op.kind != Operation::Kind::affinity && op.on != HandleKind::system &&
         op.on != HandleKind::machine;
}

}  // namespace

const Rules& rules_of(const Program& p) {
  if (p.profile != nullptr) return Rules::of(*p.profile);
  return Rules::of(p.host.empty() ? default_system() : p.host.system());
}

bool same_operation(const Operation& a, const Operation& b) {
  return a.kind == b.kind && a.on == b.on && a.thread == b.thread && a.cpu == b.cpu &&
         a.event.rule == b.event.rule && a.event.vm == b.event.vm &&
         a.event.handle == b.event.handle && a.event.value == b.event.value;
}

u64 hash_of(const Program& p) {
  u64 h = 0x243f6a8885a308d3ull;
  auto add = [&](u64 v) { h = mix(h ^ v) + Random::gamma; };
  for (const Operation& op : p.operations) {
    add(u64{op.event.rule} << 32 | u64{static_cast<unsigned>(op.kind)} << 24 |
        u64{static_cast<unsigned>(op.on)} << 16 | op.thread);
    add(u64{op.event.vm} << 32 | op.event.handle);
    add(op.cpu);
    for (u64 v : op.event.value) add(v);
  }
  return h;
}

void drop_orphans(Program& p) {
  const Rules& rules = rules_of(p);
  std::vector<Object> there;
  std::erase_if(p.operations, [&](const Operation& op) {
    if (needs_maker(op) &&
        std::find(there.begin(), there.end(), Rules::object_of(op.on, op.event)) == there.end())
      return true;
    if (Object made = object_made(rules, op); made.kind != HandleKind::none) there.push_back(made);
    return false;
  });
}

Descriptors::Descriptors(const Program& p)
    : made_(p.operations.size(), -1), on_(p.operations.size(), -1), id_(p.operations.size(), -1) {
  struct Known {
    Object object;
    std::int32_t fd, id;
  };
  const Rules& rules = rules_of(p);
  std::vector<Known> known;
  std::int32_t next = system + 1;
  for (std::size_t i = 0; i < p.operations.size(); ++i) {
    const Operation& op = p.operations[i];
    if (op.kind == Operation::Kind::affinity) continue;
    if (op.on == HandleKind::system) on_[i] = system;
    if (op.on == HandleKind::machine) on_[i] = machine;
    const Object wanted = Rules::object_of(op.on, op.event);
    for (const Known& k : known)
      if (k.object == wanted) {
        on_[i] = k.fd;
        id_[i] = k.id;
      }
    const Object made = object_made(rules, op);
    if (made.kind == HandleKind::none) continue;
    // Several makers of one handle share its descriptor: at most one of them succeeds.
    auto again =
        std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.object == made; });
    const int at = rules.facts(op.event.rule).id;
    const std::int32_t id =
        at < 0 ? -1 : static_cast<std::int32_t>(op.event.value[static_cast<std::size_t>(at)]);
    if (again == known.end()) {
      known.push_back({made, next++, id});
      made_[i] = known.back().fd;
    } else {
      made_[i] = again->fd;
    }
  }
}

traces::TraceEvent trace_event(const Program& p, const Descriptors& d, std::size_t operation,
                               const Answer* answer) {
  const Operation& op = p.operations[operation];
  traces::TraceEvent e;
  e.kind = op.kind == Operation::Kind::close ? traces::TraceKind::close : traces::TraceKind::rule;
  e.on = op.on;
  e.on_id = d.id_of(operation);
  e.fd = d.of(operation);
  e.tid = planned_tid(op.thread);
  e.line = operation + 2;
  e.event = op.event;
  if (answer != nullptr) {
    e.event = answer->event;
    if (answer->tid != 0) e.tid = answer->tid;
    e.cpu = answer->cpu;
  }
  const bool made = !e.event.answered || e.event.answer == Errno::ok;
  e.new_fd = made ? d.made_by(operation) : -1;
  if (e.event.answered && e.event.answer != Errno::ok) e.result = -1;
  if (op.kind == Operation::Kind::close || !e.event.answered) return e;
  // Numbers of descriptors are the program's own: what a target called them means nothing later.
  if (rules_of(p).facts(op.event.rule).returns_it) {
    e.event.has_returned = false;
    e.event.returned = 0;
  }
  return e;
}

}  // namespace assay::gen

#include "checker/check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "checker/check_vm.hpp"
#include "checker/explain.hpp"
#include "traces/kernel_log.hpp"

namespace assay::checker {

using traces::HandleKind;
using traces::TraceEvent;
using traces::TraceKind;

Checker::Made Checker::made_by(Errno answer) {
  return answer == Errno::ok ? Made::object : Made::nothing;
}

std::string_view name_of(Verdict v) {
  switch (v) {
    case Verdict::conforms: return "conforms";
    case Verdict::violates: return "violates";
    case Verdict::inconclusive: return "inconclusive";
  }
  return "?";
}

int exit_status(Verdict v) { return v == Verdict::conforms ? 0 : v == Verdict::violates ? 1 : 2; }

void take_host(const traces::TraceHeader& header, CheckOptions& options) {
  options.host.reset();
  options.host_part.clear();
  if (traces::tells_whole_host(header)) options.host = header.host;
  else options.host_part = traces::host_part(header);
}

Checker::Checker(const traces::Binder& binder, CheckOptions options)
    : binder_(binder), options_(std::move(options)) {
  report_.profile = options_.profile->name;
  system_ = &binder_.system();
  facts_ = rule_facts(binder_, *options_.profile);
  checks_of_rule_.resize(binder_.rule_count());
  for (const CatalogEntry& c : system_catalog(*options_.profile)) {
    if (c.kind != VerbKind::reject && c.kind != VerbKind::require) continue;
    ++report_.checks_total;
    ++checks_of_rule_[binder_.rule_named(c.rule)];
  }
  properties_ = &properties_of(*options_.profile);
  invariants_ = &invariants_of_rules(*options_.profile);
  new_vm();
}

Checker::~Checker() = default;

std::uint32_t Checker::new_vm() {
  auto vm = std::make_unique<Vm>();
  // The hardware has a history that began before the VM.
  if (machine_used_ && vms_[0]->states) {
    vm->states.emplace(*vms_[0]->states);
    vm->broken = vms_[0]->broken;
  } else if (options_.host) vm->states.emplace(system_->in<Recorded>().on_host(*options_.host));
  else vm->unknown.emplace(options_.host_part, unknown_context());
  if (!free_vms_.empty()) {
    std::uint32_t number = free_vms_.back();
    free_vms_.pop_back();
    vms_[number] = std::move(vm);
    return number;
  }
  vms_.push_back(std::move(vm));
  return static_cast<std::uint32_t>(vms_.size() - 1);
}

// What hardware events are judged on: the VM that runs on the machine, or the machine by itself.
Handle Checker::machine() {
  Handle handle{{HandleKind::machine}, false};
  for (std::uint32_t i = 1; i < vms_.size(); ++i)
    if (vms_[i]) handle.vm = i;
  // A second VM, or one after the first, does not know what the hardware did before it.
  handle.foreign = live_vms() > 1 || (handle.vm == 0 && machine_had_vm_);
  machine_used_ = machine_used_ || handle.vm == 0;
  machine_had_vm_ = machine_had_vm_ || handle.vm != 0;
  return handle;
}

// Where state cells say they were written: the source line where there is one.
std::uint32_t Checker::line_of(const TraceEvent& e) const {
  std::uint64_t line = e.line != 0 ? e.line : number_;
  return line > 0xffffffffu ? 0xffffffffu : static_cast<std::uint32_t>(line);
}

void Checker::skip(std::string_view what, const char* why) {
  const std::string reason = fmt::format("{}: {}", what, why);
  ++report_.skipped[reason];
  report_.skipped_at[reason].add(last_line_);
}

void Checker::incomplete(const std::string& reason) { incomplete_ = reason; }

// What the descriptor is. One that was never seen made is told by its decoration, or by a call that
// only one kind of it grants, where that says all that there is to know: /dev/kvm has no history,
// and a device whose making the trace hides belongs to the only VM there is, of which it is unknown
// by then whether it has one.
const Handle& Checker::resolve(const TraceEvent& e) {
  const Handle& known = handles_.find(e.tid, e.fd);
  if (known.kind != HandleKind::none || e.fd < 0) return known;
  const bool granted = e.kind == TraceKind::rule && e.event.answered && e.event.answer == Errno::ok;
  const bool by_system_only =
      granted && binder_.pattern(e.event.rule).on == std::vector{HandleKind::system};
  if (e.on == HandleKind::system || (e.on == HandleKind::none && by_system_only)) {
    handles_.bind(e.tid, e.fd, {{HandleKind::system}, false});
  } else if (const HandleDeclaration* device = declaration_of(e.on);
             device != nullptr && device->owner == HandleKind::vm && !device->is_counted &&
             live_vms() == 1) {
    for (std::uint32_t vm = 1; vm < vms_.size(); ++vm) {
      if (!vms_[vm] || !vms_[vm]->unknown) continue;
      ++vms_[vm]->references;
      handles_.bind(e.tid, e.fd, {{e.on, vm}, false});
    }
  }
  return handles_.find(e.tid, e.fd);
}

void Checker::feed(const TraceEvent& e) {
  ++number_;
  last_line_ = line_of(e);
  switch (e.kind) {
    case TraceKind::ignored: ++report_.ignored; return;
    case TraceKind::rule: ++report_.events; return feed_rule(e);
    case TraceKind::opaque: ++report_.events; return feed_opaque(e);
    case TraceKind::unmodelled:
      ++report_.events;
      return pass_over(e, resolve(e), e.name, "no rule");
    case TraceKind::open_kvm:
      release(handles_.close(e.tid, e.new_fd));  // a close the trace does not show
      handles_.bind(e.tid, e.new_fd, {{HandleKind::system}, false});
      return;
    case TraceKind::close: release(handles_.close(e.tid, e.fd)); return;
    case TraceKind::dup: {
      Handle h = handles_.find(e.tid, e.fd);
      if (h.kind == HandleKind::none) return;
      release(handles_.close(e.tid, e.new_fd));
      if (h.vm != 0) ++vms_[h.vm]->references;
      handles_.bind(e.tid, e.new_fd, h);
      return;
    }
    case TraceKind::thread:
    case TraceKind::process: {
      const auto child = static_cast<std::uint32_t>(e.new_fd);
      if (child == e.tid) return;  // no task makes itself
      if (e.kind == TraceKind::process)
        handles_.each(e.tid, [&](const Handle& h) {
          if (h.vm != 0) ++vms_[h.vm]->references;
        });
      handles_.add_task(e.tid, child, e.kind == TraceKind::thread,
                        [&](const Handle& h) { release(h); });
      return;
    }
    case TraceKind::task_exit:
      handles_.end_task(e.tid, [&](const Handle& h) { release(h); });
      return;
    case TraceKind::kernel_log: return note_log(e);
    case TraceKind::lost:
      incomplete(fmt::format("{} records are missing at line {}", e.event.value[0], e.line));
      return;
  }
}

void Checker::release(const Handle& handle) {
  if (handle.vm == 0 || !vms_[handle.vm]) return;
  Vm& vm = *vms_[handle.vm];
  if (--vm.references != 0) return;
  check_invariants_at_end(vm);
  vms_[handle.vm].reset();
  free_vms_.push_back(handle.vm);
}

// Which vCPU the task ran last.
void Checker::note_run(std::uint32_t tid, const Handle& on) {
  if (last_run_of_it_ == nullptr || last_runner_ != tid) {
    last_runner_ = tid;
    last_run_of_it_ = &last_run_[tid];
  }
  *last_run_of_it_ = on;
}

void Checker::feed_rule(const TraceEvent& given) {
  if (!facts_[given.event.rule].is_of_profile) {
    if (given.untold) {
      TraceEvent hidden = given;
      hidden.kind = TraceKind::opaque;
      return feed_opaque(hidden);
    }
    TraceEvent other = given;
    if (binder_.settle(*options_.profile, other)) return feed_rule(other);
  }
  const RuleFacts& facts = facts_[given.event.rule];
  const RuleInfo& rule = binder_.rule(given.event.rule);
  if (!facts.is_of_profile) {
    return pass_over(given, resolve(given), rule.name, "no rule under this profile");
  }
  TraceEvent& e = bound_;
  copy_values(given, rule.arguments.size(), e);
  // Not to know which register is meant is as good as to know nothing.
  if ((e.event.unknown & 1) != 0 && binder_.speaks_of_untold(e.event.rule)) {
    e.event.value[0] = rule.arguments.front().initial;
    e.event.unknown = 0;
  }
  // Task 0 would mean "never ran": a trace without a thread column has one unnamed task.
  constexpr u64 unnamed_task = 0xfffffffe;
  if (facts.task >= 0)
    e.event.value[static_cast<std::size_t>(facts.task)] = e.tid != 0 ? e.tid : unnamed_task;
  if (facts.cpu >= 0 && e.cpu >= 0) {
    auto& value = e.event.value[static_cast<std::size_t>(facts.cpu)];
    if (value == facts.cpu_not_told) value = static_cast<u64>(e.cpu);
  }
  const bool names_task_only = !facts.is_of_machine() && facts.is_event && e.fd < 0;
  const Handle on = facts.is_of_machine() ? machine()
                    : names_task_only     ? last_run_[e.tid]
                                          : resolve(e);
  if (facts.task >= 0 && !names_task_only) note_run(e.tid, on);
  if (on.kind == HandleKind::none || on.foreign || (on.vm != 0 && !vms_[on.vm]))
    return skip(rule.name, on.foreign && facts.is_of_machine()
                               ? "the machine's VM is one of several, or gone"
                           : on.foreign ? "on an object the specification did not allow to exist"
                                        : "descriptor of unknown origin");
  if (!facts.fits(on.kind)) return pass_over(e, on, rule.name, "on another kind of descriptor");
  e.event.handle = on.number;
  if (!e.event.answered) return feed_unanswered(rule.name, on, {&e.event.rule, 1});
  const bool makes_vm = facts.makes == HandleKind::vm;
  const std::uint32_t vm = makes_vm ? new_vm() : on.vm;
  e.event.vm = vm;
  ++report_.checked;
  report_.unknown_arguments += e.event.unknown != 0 ? 1 : 0;
  if (makes_vm) ++report_.vms;
  bind_result(e, vm, judge(e, vm));
  if (makes_vm && vms_[vm] && vms_[vm]->references == 0) {
    vms_[vm].reset();
    free_vms_.push_back(vm);
  }
}

// Gives a new descriptor its meaning. The number of a vCPU, or of what else there are several of,
// is its place in the model, so the model's own answer counts: one that the implementation should
// have refused gets a descriptor and no number, one that it should have made gets a number and no
// descriptor.
void Checker::bind_result(const TraceEvent& e, std::uint32_t vm, Made made) {
  HandleKind makes = facts_[e.event.rule].makes;
  if (makes == HandleKind::none) return;
  Vm& owner = *vms_[vm];
  if (makes == HandleKind::device)
    makes = handle_kind_named(binder_.rule(e.event.rule).makes(e.event));
  if (makes == HandleKind::none) return;
  Handle handle{{makes, vm}, made == Made::nothing};
  if (traces::is_counted(makes)) {
    const auto kind = static_cast<std::size_t>(makes);
    if (kind >= owner.made.size()) owner.made.resize(kind + 1);
    handle.number = owner.made[kind];
    if (made == Made::object) ++owner.made[kind];
  }
  if (e.event.answer != Errno::ok || e.new_fd < 0) return;
  release(handles_.close(e.tid, e.new_fd));  // a close the trace does not show
  ++owner.references;
  handles_.bind(e.tid, e.new_fd, handle);
}

void Checker::feed_opaque(const TraceEvent& e) {
  const Handle on = resolve(e);
  std::string_view name = binder_.name_of_family(e.family);
  if (on.kind == HandleKind::none || on.foreign || !vms_[on.vm])
    return skip(name, "descriptor of unknown origin");
  std::vector<std::uint32_t> rules;
  for (std::uint32_t rule : binder_.rules_of_family(e.family)) {
    if (!binder_.rule(rule).is_of(*options_.profile)) continue;
    for (HandleKind kind : binder_.pattern(rule).on)
      if (kind == on.kind) rules.push_back(rule);
  }
  if (rules.empty()) return pass_over(e, on, name, "no rule for this kind of descriptor");
  if (!e.event.answered) return feed_unanswered(name, on, rules);
  TraceEvent opaque = e;
  opaque.event.handle = on.number;
  opaque.event.rule = rules.front();
  Vm& vm = *vms_[on.vm];
  if (is_lost(vm)) return skip(name, "its VM is no longer followed");
  ++report_.checked;
  ++report_.unknown_arguments;
  make_unknown(vm);
  // The attribute groups that no rule describes cannot be told from those that one does.
  judge_unknown(opaque, vm, rules, true);
}

void Checker::lose(Vm& vm, const std::string& why) {
  vm.lost = true;
  if (incomplete_.empty()) incomplete(why);
}

// A call that no rule describes leaves the modelled state alone, or the parts that the
// specification names are unknown from here on, or nothing is known of its VM.
void Checker::pass_over(const TraceEvent& e, const Handle& on, std::string_view name,
                        const char* why) {
  skip(name, why);
  if (on.kind == HandleKind::none || on.kind == HandleKind::system || on.foreign || !vms_[on.vm])
    return;
  Vm& vm = *vms_[on.vm];
  if (is_lost(vm)) return;
  const MayChange& change = on.kind == HandleKind::vcpu ? e.changes_on_vcpu : e.changes_elsewhere;
  const bool has_failed = e.event.answered && e.event.answer != Errno::ok;
  // ENOTTY: the kernel does not know the request.
  if (has_failed && (!change.also_when_failing || e.event.answer == Errno::notty)) return;
  switch (change.what) {
    case MayChange::What::nothing: return;
    case MayChange::What::parts:
      make_unknown(vm);
      vm.unknown->forget(line_of(e),
                         [&](std::string_view path) { return is_part(path, change.parts); });
      return;
    case MayChange::What::anything:
      lose(vm, fmt::format("{} at line {} has no rule and may have changed what rules read", e.name,
                           line_of(e)));
  }
}

void Checker::make_unknown(Vm& vm) {
  if (vm.unknown) return;
  vm.unknown.emplace(vm.states->all(), unknown_context());
  vm.states.reset();
}

Checker::Made Checker::judge(const TraceEvent& e, std::uint32_t number) {
  Vm& vm = *vms_[number];
  if (is_lost(vm)) {
    --report_.checked;
    skip(binder_.rule(e.event.rule).name, "its VM is no longer followed");
    return Made::nothing;
  }
  const Made as_answered = made_by(e.event.answer);
  if (e.event.unknown != 0 || e.event.answer == Errno::untold) make_unknown(vm);
  if (vm.unknown) {
    std::uint32_t rule = e.event.rule;
    return judge_unknown(e, vm, {&rule, 1}, false);
  }
  const bool is_spoken_of = properties_->speak_of(e.event.rule, claims());
  VmStates::Context context{
      options_.profile,  &report_.coverage,   &journal_,
      options_.mutation, options_.states_max, is_spoken_of ? properties_ : nullptr,
      claims()};
  switch (vm.states->step(e.event, line_of(e), context)) {
    case VmStates::Outcome::matches:
      if (vm.states->size() > report_.states_max)
        report_.states_max = static_cast<unsigned>(vm.states->size());
      report_.choices_taken += vm.states->took_choice() ? 1 : 0;
      if (options_.explain) note_event(e, vm);
      if (vm.violated) return as_answered;
      add_broken_properties(e, vm);
      judge_invariants(e, vm);
      return as_answered;
    case VmStates::Outcome::too_wide:
      lose(vm, fmt::format("more than {} states explain line {}", options_.states_max, line_of(e)));
      return Made::nothing;
    case VmStates::Outcome::contradicts: return contradiction(e, vm);
  }
  return Made::nothing;
}

Checker::Made Checker::judge_unknown(const TraceEvent& e, Vm& vm,
                                     std::span<const std::uint32_t> rules, bool may_be_other) {
  // Every check of every rule that it may be is evaluated, for all values at once.
  for (std::uint32_t rule : rules) report_.evaluations += checks_of_rule_[rule];
  const UnknownVm::Call call{e.event, line_of(e), rules, may_be_other};
  switch (vm.unknown->step(call)) {
    case UnknownVm::Outcome::undecided:
      if (incomplete_.empty()) incomplete(fmt::format("the solver gave up at line {}", line_of(e)));
      [[fallthrough]];
    case UnknownVm::Outcome::possible:
      if (options_.explain && options_.on_event)
        options_.on_event(
            e, {.changes = vm.unknown->changes(), .learnt = {}, .decided_by = {}, .freedoms = {}});
      if (!vm.violated) judge_unknown_invariants(e, vm, rules);
      return made_by(e.event.answer);
    case UnknownVm::Outcome::impossible: break;
  }
  UnknownVm::Refusal refusal = vm.unknown->refusal(call);
  if (refusal.why.check.empty())
    refusal.why.check = fmt::format("{}.answer", binder_.rule(e.event.rule).name);
  Finding f = finding_of(e, std::move(refusal.why), vm);
  f.tried = std::move(refusal.tried);
  const std::vector<Errno>& permitted = refusal.permitted;
  const bool is_adopted = permitted.size() == 1 && vm.unknown->adopt(call, permitted.front());
  add_finding(std::move(f));
  return is_adopted ? made_by(permitted.front()) : Made::nothing;
}

UnknownVm::Context Checker::unknown_context() const {
  return {options_.profile, options_.mutation, options_.budget};
}

// What all violations of a rule's answer say.
Finding Checker::finding_of(const TraceEvent& e, Explanation why, Vm& vm) {
  Finding f;
  f.line = line_of(e);
  f.event = number_;
  f.call = binder_.text(e);
  f.rule = binder_.rule(e.event.rule).name;
  f.observed = e.event.answer == Errno::ok
                   ? (e.event.returned == 0 ? std::string("success")
                                            : fmt::format("0x{:x}", e.event.returned))
                   : std::string(name_of(e.event.answer));
  f.allowed = std::move(why.allowed);
  // An event has no answer: what is wrong is that it happened.
  if (binder_.pattern(e.event.rule).is_event && e.event.answer == Errno::ok) {
    f.observed = "the event";
    f.allowed = {"no such event in this state"};
  }
  f.check = std::move(why.check);
  f.reasons = std::move(why.reasons);
  f.follow_on = vm.violated;
  vm.violated = true;
  return f;
}

Checker::Made Checker::contradiction(const TraceEvent& e, Vm& vm) {
  Finding f = finding_of(e,
                         explain(vm.states->front(), e.event, binder_.rule(e.event.rule),
                                 *options_.profile, options_.mutation),
                         vm);
  VmStates::Context context{options_.profile, nullptr, &journal_, options_.mutation,
                            options_.states_max};
  const Errno adopted = vm.states->adopt(e.event, line_of(e), context);
  add_finding(std::move(f));
  return made_by(adopted);
}

// What a kernel warns of is no answer, but a defect all the same.
void Checker::note_log(const TraceEvent& e) {
  for (traces::KernelReport& report : traces::reports_of(traces::log_unescaped(e.name))) {
    Finding f;
    f.line = line_of(e);
    f.event = number_;
    f.rule = "kernel_log";
    f.check = report.name();
    f.call = "kernel_log";
    f.observed = std::move(report.text);
    add_finding(std::move(f));
  }
}

void Checker::add_finding(Finding finding) {
  ++report_.findings_total;
  if (options_.on_finding) options_.on_finding(finding);
  if (report_.findings.size() < options_.findings_max)
    report_.findings.push_back(std::move(finding));
}

Report Checker::finish() {
  for (std::uint32_t i = machine_used_ ? 0 : 1; i < vms_.size(); ++i)
    if (vms_[i]) check_invariants_at_end(*vms_[i]);
  report_.evaluations += report_.coverage.evaluations();
  report_.coverage.each([&](const Coverage::Counter&) { ++report_.checks_seen; });
  if (report_.findings_total != 0) {
    report_.verdict = Verdict::violates;
  } else if (!incomplete_.empty()) {
    report_.reason = incomplete_;
  } else if (report_.checked == 0) {
    report_.reason = "nothing was checked: the trace holds no call that a rule describes";
  } else {
    report_.verdict = Verdict::conforms;
  }
  return std::move(report_);
}

}  // namespace assay::checker

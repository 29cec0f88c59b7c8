// Entries of a guest that uses PEBS: which host counters its events are on, whether the host uses
// PEBS there, and what IA32_PEBS_ENABLE holds while the guest runs (events/intel/core.c,
// pmu_intel.c:intel_pmu_cross_mapped_check; series v3, patches 6, 12 and 17).
#pragma once
#include "spec/x86/pebs/counters.hpp"

namespace assay::x86 {

// perf schedules the event of a guest counter on a host counter, or takes it off (host=255): after
// a guest's exit, in its own time.
template <class D>
struct PebsMapped {
  static constexpr const char* name = "pebs_mapped";
  static constexpr const char* syntax = "pebs_mapped: <vcpu> counter=counter host=host";
  static constexpr const char* source = "PEBS-v3: perf may reschedule; core.c:x86_schedule_events";
  static bool applies(const Profile& p) { return is_kernel(p); }
  static constexpr u64 none = 0xff;
  VcpuId vcpu{};
  Word<D, 8> counter{};
  Word<D, 8> host{};
  static constexpr auto fields() {
    return members<&PebsMapped::vcpu, &PebsMapped::counter, &PebsMapped::host>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    PebsVcpu<D>& p = self.pebs;
    k.require(!self.in_guest && !p.entering,
              {"guest_was_left", "vcpu_enter_guest: interrupts are off from the check on"});
    k.require(counter < pebs_counters && (host < host_pmcs || host == none),
              {"is_a_counter", "pmu_intel.c: KVM_INTEL_PMC_MAX_GENERIC"});
    k.require(!p.pmi.due, {"interrupt_was_handled", "an NMI comes before anything else"});
    if (k.is(Behaviour::pebs_slow_path_as_meant))
      k.require(!p.slow.need_records,
                {"records_were_rewritten", "PEBS-v3: with interrupts off, before a reschedule"});
    const Word<D, 4> place = ite(host == none, Word<D, 4>(0), truncate<4>(host) + 1);
    Flag<D> taken = false;
    for (unsigned i = 0; i < pebs_counters; ++i)
      taken = taken || (counter != i && place != 0 && p.host_of[i] == place);
    k.require(!taken, {"one_event_on_a_counter", "core.c:x86_schedule_events"});
    for (unsigned i = 0; i < pebs_counters; ++i)
      k.when(counter == i, [&] { k.set(p.host_of[i], place); });
  }
};

// perf begins to use PEBS for the host on a CPU, or ends it.
template <class D>
struct PebsHostUse {
  static constexpr const char* name = "pebs_host";
  static constexpr const char* syntax = "pebs_host: cpu=cpu active=active";
  static constexpr const char* source = "PEBS-v3; core.c:intel_guest_get_msrs";
  static bool applies(const Profile& p) { return is_kernel(p); }
  Word<D, 16> cpu{};
  Flag<D> active{};
  static constexpr auto fields() { return members<&PebsHostUse::cpu, &PebsHostUse::active>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(!any<D>(vm.vcpu, [&](const auto& c) { return c.pebs.entering && c.pebs.cpu == cpu; }),
              {"guest_was_left", "perf sends an interrupt to that CPU"});
    k.at(vm.cpu, cpu, [&](auto& at) { k.set(at.pebs.host_pebs, active); });
  }
};

// The reset value of some counter was written for another host counter than the one it is on.
template <class D>
Flag<D> reset_values_are_misplaced(const PebsVcpu<D>& p, const Word<D, 8>& armed) {
  Flag<D> some = false;
  for (unsigned i = 0; i < pebs_counters; ++i)
    some = some || (bit(armed, i) && p.host_of[i] != 0 && p.slow.reset_host[i] != p.host_of[i]);
  return some;
}
// The slot of some host counter holds another value than the guest wrote for the counter that is on
// it.
template <class D>
Flag<D> reset_values_are_wrong(const PebsVcpu<D>& p, const Word<D, 8>& host) {
  Flag<D> some = false;
  for (unsigned i = 0; i < pebs_counters; ++i) {
    const Word<D, 8> here = host_bit<D>(plain(p.host_of[i])) & host;
    for (unsigned j = 0; j < host_pmcs; ++j)
      some = some || (bit(here, j) && p.buffer.reset[j] != p.buffer.wanted[i]);
  }
  return some;
}

// With interrupts off, before the guest is entered: KVM looks at the counters, asks for KVM_REQ_PMU
// and does not enter yet.
template <class D>
struct PebsCheck {
  static constexpr const char* name = "kvm_pebs_check";
  static constexpr const char* syntax = "kvm_pebs_check: <vcpu>";
  static constexpr const char* source =
      "PEBS-v3, patches 12, 14, 17: kvm_pmu_counter_cross_mapped_check";
  static bool applies(const Profile& p) { return has_slow_path(p); }
  VcpuId vcpu{};
  static constexpr auto fields() { return members<&PebsCheck::vcpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    PebsVcpu<D>& p = self.pebs;
    const Word<D, 8> armed = armed_counters<D>(p);
    k.require(!self.in_guest && !p.entering, {"guest_was_left", "one entry after the other"});
    k.require(!p.pmi.due, {"interrupt_was_handled", "an NMI comes before anything else"});
    k.require(armed != 0, {"some_counter_has_pebs", "PEBS-v3, patch 12"});
    k.set(p.slow.crossed, is_cross_mapped<D>(p, armed));
  }
};

// With interrupts off, right before the guest is entered: the last look at the counters, and the
// value that IA32_PEBS_ENABLE has while the guest runs.
template <class D>
struct PebsEnter {
  static constexpr const char* name = "kvm_pebs_enter";
  static constexpr const char* syntax = "kvm_pebs_enter: <vcpu> cpu=cpu enable=enable";
  static constexpr const char* source = "core.c:intel_guest_get_msrs; PB-2; PEBS-v3";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  Word<D, 16> cpu{};
  Word<D, 8> enable{};
  static constexpr auto fields() {
    return members<&PebsEnter::vcpu, &PebsEnter::cpu, &PebsEnter::enable>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    PebsVcpu<D>& p = self.pebs;
    const Word<D, 8> armed = armed_counters<D>(p);
    const bool slow = has_slow_path(k.profile());
    k.require(!self.in_guest && !p.entering, {"guest_was_left", "one entry after the other"});
    k.require(!p.pmi.due, {"interrupt_was_handled", "an NMI comes before anything else"});
    Flag<D> host = false;
    k.at(vm.cpu, cpu, [&](const auto& at) { k.let(host, at.pebs.host_pebs); });
    const Word<D, 8> enabled = host_counters<D>(p, armed, !slow);
    k.require(!host || enable == 0, {"host_pebs_excludes_guest", "core.c:intel_guest_get_msrs"});
    k.require(host || enable == enabled,
              {"guest_counters_are_enabled", "core.c:intel_guest_get_msrs; PB-2"});
    if (slow) {
      const Flag<D> crossed = is_cross_mapped<D>(p, armed);
      k.require(!crossed || !p.slow.need_threshold,
                {"threshold_was_limited", "PEBS-v3, patch 14: KVM_REQ_PMU cancels the entry"});
      const Flag<D> misplaced = k.is(Behaviour::pebs_slow_path_as_meant)
                                    ? reset_values_are_wrong<D>(p, enable) && !p.slow.failed
                                    : reset_values_are_misplaced<D>(p, armed);
      k.require(!misplaced,
                {"reset_values_were_moved", "PEBS-v3, patch 17: KVM_REQ_PMU cancels the entry"});
      k.set(p.slow.crossed, ite(armed != 0, crossed, Flag<D>(plain(p.slow.crossed))));
    }
    k.set(p.entering, true);
    k.set(p.cpu, cpu);
    k.set(p.hardware, enable);
  }
};

// What the guest's entry and exit mean for PEBS.
template <class D>
void pebs_at_entry(Step<D>& k, const Vm<D>& vm, const PebsVcpu<D>& p, const Word<D, 16>& cpu) {
  k.require(!p.slow.need_records && !(p.pmi.asked && vm.irqchip),
            {"requests_were_handled", "x86.c:vcpu_enter_guest: pending requests cancel"});
  k.require(!p.entering || p.cpu == cpu,
            {"on_the_cpu_it_was_checked_on", "vcpu_enter_guest: interrupts are off"});
}
template <class D>
void pebs_at_exit(Step<D>& k, PebsVcpu<D>& p) {
  k.set(p.entering, false);
  k.set(p.cpu, Word<D, 16>(0));
  k.set(p.hardware, Word<D, 8>(0));
}

}  // namespace assay::x86

// From the overflow of the buffer to the guest's interrupt, and what KVM rewrites in between
// (pmu.c:__kvm_perf_overflow; series v3, patches 4 and 13 to 17).
#pragma once
#include "spec/x86/pebs/counters.hpp"

namespace assay::x86 {

// The host's PMI handler finds events of the guest with PEBS and reports one overflow to KVM. One
// whose counter is about to be reprogrammed is ignored.
template <class D>
struct PebsOverflow {
  static constexpr const char* name = "kvm_pebs_overflow";
  static constexpr const char* syntax = "kvm_pebs_overflow: <vcpu> ignored=ignored";
  static constexpr const char* source =
      "core.c:x86_pmu_handle_guest_pebs; pmu.c:kvm_perf_overflow, __kvm_perf_overflow";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  Flag<D> ignored{};
  static constexpr auto fields() { return members<&PebsOverflow::vcpu, &PebsOverflow::ignored>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    PebsVcpu<D>& p = self.pebs;
    k.require(!self.in_guest && !p.entering, {"guest_was_left", "an NMI is an exit"});
    k.require(plain(p.pmi.due), {"hardware_raised_it", "SDM PEBS: interrupt threshold"});
    if (k.is(Behaviour::pebs_slow_path_as_meant))
      k.require(!ignored, {"is_never_ignored", "PEBS-v3: the guest gets its interrupt"});
    const Flag<D> seen = bit(plain(p.msr.global_status), buffer_overflow);
    k.set(p.pmi.due, false);
    k.set(p.pmi.ignored, p.pmi.ignored || ignored);
    k.when(!ignored, [&] {
      k.set(p.msr.global_status, p.msr.global_status | Word<D, 64>(u64{1} << buffer_overflow));
      const bool repeats = !k.is(Behaviour::pebs_pmi_once);
      k.when(repeats || !seen, [&] { k.set(p.pmi.asked, true); });
      if (has_slow_path(k.profile())) k.set(p.slow.need_records, p.slow.crossed);
    });
  }
};

// The oldest record names guest counters, and is translated again each time: the mapping of the
// buffer's page covers one record, so that no other is reached.
template <class D>
void rewrite_first_record(Step<D>& k, PebsVcpu<D>& p) {
  k.when(p.buffer.records != 0, [&] {
    k.set(p.buffer.first_shown,
          guest_counters<D>(p, plain(p.buffer.first_shown), field_bits<8>(plain(p.msr.enable), 0)));
  });
}
// As the cover letter has it: all records name the guest's counters afterwards.
template <class D>
void rewrite_records(Step<D>& k, PebsVcpu<D>& p) {
  k.set(p.buffer.first_shown, p.buffer.first_truth);
  k.set(p.buffer.later_wrong, false);
}

// KVM reads the guest's reset values, and writes each to the slot of the host counter. What it
// reads may be what it wrote before.
template <class D>
void move_reset_values(Step<D>& k, PebsVcpu<D>& p) {
  const auto enabled = [&](unsigned i) { return bit(plain(p.msr.enable), i); };
  const bool meant = k.is(Behaviour::pebs_slow_path_as_meant);
  k.when(p.slow.need_save || meant, [&] {
    for (unsigned i = 0; i < pebs_counters; ++i)
      k.when(enabled(i),
             [&] { k.set(p.slow.saved[i], meant ? p.buffer.wanted[i] : p.buffer.reset[i]); });
    k.set(p.slow.need_save, false);
  });
  for (unsigned i = 0; i < pebs_counters; ++i)
    k.when(enabled(i) && p.host_of[i] != 0, [&] {
      for (unsigned j = 0; j < host_pmcs; ++j)
        k.when(p.host_of[i] == j + 1, [&] { k.set(p.buffer.reset[j], p.slow.saved[i]); });
      k.set(p.slow.reset_host[i], p.host_of[i]);
    });
}

// KVM_REQ_PMU is handled: intel_pmu_handle_event(), in its order. What fails is only logged.
template <class D>
struct PebsHandle {
  static constexpr const char* name = "kvm_pebs_handle";
  static constexpr const char* syntax = "kvm_pebs_handle: <vcpu> failed=failed";
  static constexpr const char* source = "PEBS-v3, patches 14 to 17: intel_pmu_handle_event";
  static bool applies(const Profile& p) { return has_slow_path(p); }
  VcpuId vcpu{};
  Flag<D> failed{};  // no memory, or the guest's page cannot be reached
  static constexpr auto fields() { return members<&PebsHandle::vcpu, &PebsHandle::failed>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    PebsVcpu<D>& p = self.pebs;
    PebsSlowPath<D>& slow = p.slow;
    k.require(!self.in_guest && !p.entering, {"guest_was_left", "requests are handled outside"});
    k.require(!p.pmi.due, {"interrupt_was_handled", "an NMI comes before anything else"});
    const bool meant = k.is(Behaviour::pebs_slow_path_as_meant);
    const Flag<D> is_right = !slow.stale && slow.cached_area == p.msr.ds_area;
    const Flag<D> reaches = slow.cached && is_right;
    const Flag<D> enabled = (p.msr.global_ctrl & p.msr.enable) != 0;
    const Flag<D> limits = enabled && slow.crossed && slow.need_threshold;
    const Flag<D> writes = (slow.need_records && !meant) || limits || enabled;
    k.set(slow.failed, slow.failed || failed);
    k.set(slow.strayed, slow.strayed || (writes && !failed && slow.cached && !is_right));
    k.when(slow.need_records && !failed, [&] {
      if (meant) rewrite_records<D>(k, p);
      else k.when(slow.crossed && reaches, [&] { rewrite_first_record<D>(k, p); });
    });
    k.set(slow.need_records, false);
    k.when(limits, [&] {
      k.when(reaches && !failed,
             [&] { k.set(p.buffer.threshold, p.buffer.base + Num<D>(pebs_record_bytes)); });
      k.set(slow.need_threshold, false);
    });
    k.when(enabled && reaches && !failed, [&] { move_reset_values<D>(k, p); });
    // Through a stale translation, they are read and written elsewhere.
    k.when(enabled && !reaches && !failed, [&] {
      for (unsigned i = 0; i < pebs_counters; ++i) k.set(slow.reset_host[i], p.host_of[i]);
      k.set(slow.need_save, false);
    });
  }
};

// KVM_REQ_PMI is handled, after KVM_REQ_PMU: the local APIC of the guest gets a PMI.
template <class D>
struct PebsPmiInjected {
  static constexpr const char* name = "kvm_pebs_pmi";
  static constexpr const char* syntax = "kvm_pebs_pmi: <vcpu>";
  static constexpr const char* source = "pmu.c:kvm_pmu_deliver_pmi; x86.c:vcpu_enter_guest";
  static bool applies(const Profile& p) { return is_kernel(p); }
  VcpuId vcpu{};
  static constexpr auto fields() { return members<&PebsPmiInjected::vcpu>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& self = vm.vcpu[vcpu.index];
    PebsVcpu<D>& p = self.pebs;
    k.require(!self.in_guest && !p.entering, {"guest_was_left", "requests are handled outside"});
    k.require(!p.pmi.due, {"interrupt_was_handled", "an NMI comes before anything else"});
    k.require(plain(vm.irqchip), {"local_apic_is_kvms", "pmu.c:kvm_pmu_deliver_pmi"});
    k.require(plain(p.pmi.asked), {"was_asked_for", "pmu.c:__kvm_perf_overflow"});
    k.require(!p.slow.need_records,
              {"records_come_first", "x86.c:vcpu_enter_guest: KVM_REQ_PMU before KVM_REQ_PMI"});
    k.set(p.pmi.asked, false);
    k.set(p.pmi.told, true);
    k.set(p.pmi.announced, true);
  }
};

}  // namespace assay::x86

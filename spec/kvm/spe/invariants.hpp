// What SPE virtualisation promises (facts/spe 6.2 to 6.5). Some are known not to hold for the
// series as it was posted: its profiles say which behaviour breaks them, and `assay prove` shows
// how.
#pragma once
#include "spec/kvm/spe/switch.hpp"

namespace assay {

// L01: a locked slot has every page pinned. L02: an unlocked one has none.
template <class D>
Flag<D> locked_memslot_is_pinned(const Vm<D>& vm) {
  return all<D>(vm.slot, [](const auto& s) { return !s.lock.held || s.lock.pinned == s.pages; });
}
template <class D>
Flag<D> unlocked_memslot_holds_no_pins(const Vm<D>& vm) {
  return all<D>(vm.slot, [](const auto& s) { return s.lock.held || s.lock.pinned == 0; });
}
// L05, L19: KVM itself never unmaps, moves or deletes a locked slot; an MMU notifier may.
template <class D>
Flag<D> locked_memslot_is_never_unmapped(const Vm<D>& vm) {
  return all<D>(vm.slot,
                [](const auto& s) { return !s.lock.held || s.lock.mapped || s.lock.notified; });
}
// The same with the notifiers (facts/spe 4.5): pinning keeps the page and not the stage 2 entry,
// so no series holds this. The seed's question begins here.
template <class D>
Flag<D> locked_memslot_stays_mapped(const Vm<D>& vm) {
  return all<D>(vm.slot, [](const auto& s) { return !s.lock.held || s.lock.mapped; });
}
template <class D>
Flag<D> locked_memslot_exists(const Vm<D>& vm) {
  return all<D>(vm.slot, [](const auto& s) { return !s.lock.held || s.pages != 0; });
}
// L03: what is charged is what is locked.
template <class D>
Flag<D> locked_pages_are_exact(const Vm<D>& vm) {
  Num<D> sum(0);
  vm.slot.for_each([&](const auto& s, std::size_t) {
    sum = sum + ite(s.lock.held, Num<D>(plain(s.pages)), Num<D>(0));
  });
  return vm.spe.locked_pages == sum && !vm.spe.undercharged;
}
// L04: never beyond RLIMIT_MEMLOCK without CAP_IPC_LOCK.
template <class D>
Flag<D> locked_pages_within_limit(const Vm<D>& vm) {
  return vm.host.ipc_lock || vm.spe.locked_pages <= vm.host.memlock_pages;
}
// L08: a slot locked for writing is neither read-only nor logging.
template <class D>
Flag<D> write_lock_excludes_logging(const Vm<D>& vm) {
  return all<D>(vm.slot, [](const auto& s) {
    return !s.lock.write || (s.lock.held && !s.log_dirty && !s.readonly);
  });
}

// V07: SPE and AArch32 at EL1 exclude each other. V08: one interrupt number. V09: a PPI. V11: INIT
// needs both the number and a vGIC.
template <class D>
Flag<D> spe_interrupts_are_equal(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& a) {
    return all<D>(vm.vcpu, [&](const auto& b) {
      return a.spe.irq == 0 || b.spe.irq == 0 || a.spe.irq == b.spe.irq;
    });
  });
}
template <class D>
Flag<D> spe_interrupt_is_ppi(const Vm<D>& vm) {
  return all<D>(
      vm.vcpu, [](const auto& c) { return c.spe.irq == 0 || (c.spe.irq >= 16 && c.spe.irq < 32); });
}
template <class D>
Flag<D> initialized_spe_has_interrupt(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !c.spe.initialized || (c.spe.irq != 0 && vm.gic.initialized);
  });
}

// I01: the virtual line is the guest's PMBSR_EL1.S, but between a hardware event and the sync.
template <class D>
Flag<D> virtual_line_equals_service_bit(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    return c.spe.event_pending || iff(c.spe.line, c.spe.regs.service);
  });
}

// W01, W12, W18, W19: what holds while guest code runs.
template <class D>
Flag<D> guest_spe_state_isolated(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t i) {
    const Spu<D>& s = vm.spu[i];
    return !is_at<D>(sw, Switch::guest) ||
           (s.e2pb == 2 && !s.e2spe && !s.pa2 && (s.pct2 == 0 || vm.spe.perfmon));
  });
}
// W08: nothing is sampled, and nothing is on its way, between host and guest.
template <class D>
Flag<D> world_switch_is_silent(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t i) {
    const Spu<D>& s = vm.spu[i];
    const Flag<D> between = is_between<D>(sw);
    return s.unpredictable || !between ||
           (s.in_flight == 0 && s.el == 2 && !s.e2spe && !profiling_enabled<D>(s));
  });
}
// W09: while the guest's registers are loaded, profiling is enabled last.
template <class D>
Flag<D> restore_order(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t i) {
    const Spu<D>& s = vm.spu[i];
    return !is_at<D>(sw, Switch::restoring_guest) || !(s.e0spe || s.e1spe) ||
           (sw.pointer_loaded && sw.limit_loaded && sw.status_loaded);
  });
}
// W03: the host finds its registers as it left them.
template <class D>
Flag<D> host_spe_state_isolated(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [](const auto& sw) { return Flag<D>(!sw.host_changed); });
}
// V01, V02: an SPE vCPU executes only on PEs that it may run on, and that have SPE.
template <class D>
Flag<D> spe_vcpu_never_runs_without_spe(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !c.in_guest || !has_spe_feature<D>(c) ||
           all<D>(vm.host.pe, [&](const auto& pe, std::size_t i) {
             return c.on_pe != Word<D, 16>(i) || pe.spe != 0xff;
           });
  });
}

}  // namespace assay

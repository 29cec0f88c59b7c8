// What SPE virtualisation promises (L, V, W and I of REFERENCES.md). Some are known not to hold for
// the series as it was posted: its profiles say which behaviour breaks them, and `assay prove`
// shows how.
#pragma once
#include "spec/kvm/spe/designs.hpp"
#include "spec/kvm/spe/run.hpp"
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
// L09: a LOCK that failed leaves no stage 2 entry behind, for which no maintenance is pending.
template <class D>
Flag<D> unlocked_memslot_has_no_stale_mapping(const Vm<D>& vm) {
  return all<D>(vm.slot, [](const auto& s) { return Flag<D>(!s.lock.stale); });
}
// Tags wait with the data cache for a run; later only where they could not be cleared.
template <class D>
Flag<D> tags_do_not_stay_pending(const Vm<D>& vm) {
  return !vm.spe.clear_tags || vm.spe.flush_dcache || vm.spe.mte;
}
// W21: where the tables of a VM are gone, no PE has its registers.
template <class D>
Flag<D> destroyed_vm_is_not_loaded(const Vm<D>& vm) {
  return !vm.spe.tables_freed ||
         all<D>(vm.spe_switch, [](const auto& sw) { return is_at<D>(sw, Switch::host); });
}
// L05, L19: KVM itself never unmaps a locked slot: no change of slots does, no flush of stage 2,
// no LOCK of another. UNLOCK and the end of the VM do, and an MMU notifier may (the next claim).
template <class D>
Flag<D> locked_memslot_is_never_unmapped(const Vm<D>& vm) {
  return vm.spe.tables_freed || all<D>(vm.slot, [](const auto& s) {
           return !s.lock.held || s.lock.mapped || s.lock.notified;
         });
}
// The same with MMU notifiers (SPE-4.5): pinning keeps the page and not the stage 2 entry, so
// no series holds this. The seed's question begins here.
template <class D>
Flag<D> locked_memslot_survives_mmu_notifiers(const Vm<D>& vm) {
  return vm.spe.tables_freed ||
         all<D>(vm.slot, [](const auto& s) { return !s.lock.held || s.lock.mapped; });
}
template <class D>
Flag<D> locked_memslot_exists(const Vm<D>& vm) {
  return all<D>(vm.slot, [](const auto& s) { return !s.lock.held || s.pages != 0; });
}
// L03: what is charged is what is locked, and it is given back once.
template <class D>
Flag<D> locked_pages_are_exact(const Vm<D>& vm) {
  Num<D> sum(0);
  vm.slot.for_each([&](const auto& s, std::size_t) {
    sum = sum + ite(s.lock.held, Num<D>(plain(s.pages)), Num<D>(0));
  });
  return vm.spe.locked_pages == sum;
}
template <class D>
Flag<D> locked_pages_are_given_back_once(const Vm<D>& vm) {
  return Flag<D>(!vm.spe.undercharged);
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

// A hardware event waits for the sync with S set in the guest's copy.
template <class D>
Flag<D> pending_event_has_service(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) { return !c.spe.event_pending || c.spe.regs.service; });
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
// W08: nothing is sampled, and nothing is on its way, between host and guest; the host may profile
// again once all of its own is back.
template <class D>
Flag<D> world_switch_is_silent(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t i) {
    const Spu<D>& s = vm.spu[i];
    const Flag<D> between = is_between<D>(sw);
    const Flag<D> silent =
        s.el == 2 && !s.e2spe && !profiling_enabled<D>(s) && (s.unpredictable || s.in_flight == 0);
    return !between || silent || sw.host_is_back || sw.lawless;
  });
}
// While a guest's registers are loaded the buffer is the guest's, and one PE has them.
template <class D>
Flag<D> loaded_guest_owns_the_buffer(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t i) {
    const Flag<D> loaded = is_at<D>(sw, Switch::restoring_guest) || is_at<D>(sw, Switch::guest);
    return !loaded || vm.spu[i].e2pb == 2;
  });
}
template <class D>
Flag<D> vcpu_is_on_one_pe(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [&](const auto& a, std::size_t i) {
    return all<D>(vm.spe_switch, [&](const auto& b, std::size_t j) {
      return i >= j || is_at<D>(a, Switch::host) || is_at<D>(b, Switch::host) || a.vcpu != b.vcpu;
    });
  });
}
// W09: while the guest's registers are loaded, profiling is enabled last.
template <class D>
Flag<D> restore_order(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t i) {
    const Spu<D>& s = vm.spu[i];
    return !is_at<D>(sw, Switch::restoring_guest) || !sw.control_loaded || !(s.e0spe || s.e1spe) ||
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

// V01: nor outside the set that it named.
template <class D>
Flag<D> spe_vcpu_never_runs_on_unsupported_cpu(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !c.in_guest || !has_spe_feature<D>(c) || spe_may_run_on<D>(vm, c, plain(c.on_pe));
  });
}
// An SPE vCPU that ran names no PE without SPE; with v5 the set is never empty.
template <class D>
Flag<D> names_spe_cpus_only(const Vm<D>& vm, const Vcpu<D>& c) {
  return all<D>(vm.host.pe, [&](const auto& pe, std::size_t i) {
    return i >= 64 || !bit(plain(c.spe.cpus), i % 64) || pe.spe != 0xff;
  });
}
template <class D>
Flag<D> spe_vcpu_that_ran_names_spe_cpus(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return c.runner == 0 || !has_spe_feature<D>(c) || names_spe_cpus_only<D>(vm, c);
  });
}
template <class D>
Flag<D> initialized_spe_vcpu_names_cpus(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !c.initialized || !has_spe_feature<D>(c) ||
           (c.spe.cpus == cpus_with_spe<D>(vm) && host_has_spe<D>(vm));
  });
}
// An initialised vCPU's SPE feature has passed its reset (v4-17).
template <class D>
Flag<D> initialized_spe_feature_fits(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !c.initialized || !has_spe_feature<D>(c) || (host_has_spe<D>(vm) && !vm.is_32bit);
  });
}
// V07.
template <class D>
Flag<D> spe_vcpu_is_aarch64(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !c.initialized || !has_spe_feature<D>(c) ||
           !bit(plain(c.features), static_cast<unsigned>(Feature::el1_32bit));
  });
}

// --- what the designs differ in (SPE-5, N01 to N08) ----------------------------------------------
// L20, N01: profiling is never stopped behind the guest's back.
template <class D>
Flag<D> profiling_has_no_blackout(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) { return Flag<D>(!c.spe.buffer.blackout); });
}
// Records that the SPU lost are reported to the guest by some event; and by PMBSR_EL1.DL.
template <class D>
Flag<D> no_loss_goes_untold(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) { return Flag<D>(!c.spe.buffer.untold); });
}
template <class D>
Flag<D> loss_shows_as_dl(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    return Flag<D>(!c.spe.buffer.untold && !c.spe.buffer.dl_hidden);
  });
}
// N07: a buffer is pinned only while the guest has it enabled.
template <class D>
Flag<D> pinned_buffer_is_in_use(const Vm<D>& vm) {
  return all<D>(vm.vcpu,
                [](const auto& c) { return c.spe.buffer.pinned == 0 || c.spe.regs.enable; });
}
// Designs that pin no memory at the VMM's word have no locks.
template <class D>
Flag<D> nothing_is_locked(const Vm<D>& vm) {
  return all<D>(vm.slot, [](const auto& s) { return Flag<D>(!s.lock.held); });
}
// N01: what is pinned is mapped, and a guest's running buffer is both.
template <class D>
Flag<D> pinned_buffer_is_mapped(const Vm<D>& vm) {
  return vm.spe.tables_freed || all<D>(vm.vcpu, [](const auto& c) {
           return iff(c.spe.buffer.pinned != 0, c.spe.buffer.mapped);
         });
}
template <class D>
Flag<D> running_buffer_is_mapped(const Vm<D>& vm) {
  return all<D>(vm.spe_switch, [&](const auto& sw, std::size_t i) {
    const Spu<D>& s = vm.spu[i];
    const Flag<D> stage2 = reported<D>(s, SpuEvent::fault) &&
                           is_recorded_at<D>(s, SpuRecordedAt::el1) && s.ec == ec_stage2;
    return !is_at<D>(sw, Switch::guest) || is_of_stopped_vcpu<D>(vm, sw) ||
           ((!s.enable || is_mapped<D>(vm, sw)) && !stage2);
  });
}
// N04: without CAP_IPC_LOCK what guests pin stays within RLIMIT_MEMLOCK.
template <class D>
Flag<D> buffers_are_within_memlock(const Vm<D>& vm) {
  return vm.host.ipc_lock || pinned_for_buffers<D>(vm) <= vm.host.memlock_pages;
}

}  // namespace assay

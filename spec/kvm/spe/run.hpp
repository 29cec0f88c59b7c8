// What KVM_RUN refuses and does for a vCPU with SPE (SPE-4.4, SPE-4.6 to SPE-4.8).
#pragma once
#include "spec/kvm/spe/attributes.hpp"
#include "spec/kvm/spe/copies.hpp"
#include "spec/kvm/stage.hpp"

namespace assay {

// Whether the vCPU's set of CPUs names PE `cpu`; without a set every PE will do (v4-19).
template <class D>
Flag<D> spe_may_run_on(const Vm<D>& vm, const Vcpu<D>& self, const Word<D, 16>& cpu) {
  return self.spe.cpus == 0 || any<D>(vm.host.pe, [&](const auto&, std::size_t i) {
           return i < 64 && cpu == Word<D, 16>(i) && bit(plain(self.spe.cpus), i % 64);
         });
}

// v6 refuses a PE as the PMU does, with KVM_EXIT_FAIL_ENTRY (v6-21).
template <class D>
Flag<D> spe_refuses(const Step<D>& k, const Vm<D>& vm, const Running<D>& running, const Pe<D>&) {
  if (!pins_buffer(k.profile())) return false;
  const Vcpu<D>& self = vm.vcpu[running.vcpu.index];
  return has_spe_feature<D>(self) && !spe_may_run_on<D>(vm, self, running.cpu);
}

// A vCPU that is seen in the guest is on a PE of its set, and not stopped on the way in.
template <class D>
void spe_entry(Step<D>& k, Vm<D>& vm, const Running<D>& running) {
  if (!is_spe_series(k.profile())) return;
  const Vcpu<D>& self = vm.vcpu[running.vcpu.index];
  k.require(!is_kept_out<D>(self.spe), {"stopped_guest_stays_out", "v4-36; W16"});
  if (pins_buffer(k.profile()))
    k.require(!wants_buffer<D>(self.spe) || self.spe.buffer.mapped,
              {"buffer_is_pinned", "v6-28, v6-29; N01"});
  k.require(!has_spe_feature<D>(self) || spe_may_run_on<D>(vm, self, running.cpu),
            {"spe_on_supported_cpu", "v4-19; V01"});
}

// The checks of the first run (v4-22).
template <class D>
void spe_first_run(Step<D>& k, Vm<D>& vm, const Running<D>& running) {
  if (!is_spe_series(k.profile())) return;
  const Vcpu<D>& self = vm.vcpu[running.vcpu.index];
  const Flag<D> spe = has_spe_feature<D>(self);
  const Flag<D> names_other = any<D>(vm.host.pe, [&](const auto& pe, std::size_t i) {
    return i < 64 && bit(plain(self.spe.cpus), i % 64) && pe.spe == 0xff;
  });
  k.reject(Errno::noexec, spe && names_other,
           {"cpus_without_spe", "v4-22: the set must lie within the PEs that have SPE"});
  k.reject(k.is(Behaviour::spe_v5) ? Errno::inval : Errno::perm, spe && !self.spe.initialized,
           {"spe_not_initialized", "v4-22: EPERM; v5-22: EINVAL"});
}

// kvm_mmu_perform_pending_ops(): maintenance put off at lock time, before everything else that a
// first run does (v4-04). v4 clears what is pending on success only, v5 bit by bit.
template <class D>
void spe_maintenance(Step<D>& k, Vm<D>& vm, const Running<D>&) {
  if (!pins_memory(k.profile())) return;
  if (k.is(Behaviour::spe_v5)) {
    k.set(vm.spe.flush_dcache, false);
    k.set(vm.spe.flush_icache, false);
  }
  k.when(vm.spe.clear_tags && vm.spe.mte, [&] {
    k.may_fail(Errno::fault,
               {"tags_not_cleared", "v4-06: a gap in the VMAs of a locked slot, or VM_SHARED"});
  });
  perform_maintenance<D>(k, vm);
}

// A reset refuses SPE where the host has none, and in AArch32.
template <class D>
void spe_reset(Step<D>& k, Vm<D>& vm, const Reset<D>& reset) {
  if (!is_spe_series(k.profile())) return;
  const Flag<D> spe = reset.has(spe_feature);
  reset.fails(k, spe && !host_has_spe<D>(vm), {"no_host_spe", "v4-17"});
  reset.fails(k, spe && reset.has(Feature::el1_32bit), {"spe_needs_aarch64", "v4-17: EL1_32BIT"});
  if (!k.is(Behaviour::spe_v5)) return;
  // v5: the set of CPUs is the PEs that have SPE, copied at this call.
  k.set(reset.self.spe.cpus, ite(spe, cpus_with_spe<D>(vm), Word<D, 64>(0)));
}

// KVM_ARM_VCPU_INIT of a vCPU that has run takes the VM's memory away from stage 2, but for locked
// slots: their maintenance is done again before a vCPU runs (v4-05).
template <class D>
void spe_after_reset(Step<D>& k, Vm<D>& vm, const Reset<D>& reset) {
  if (!pins_memory(k.profile())) return;
  const Flag<D> locked = any<D>(vm.slot, [](const auto& s) { return s.lock.held; });
  k.when(reset.self.runner != 0 && locked, [&] {
    k.when(k.choose({"reinit_unmaps_memory", "v4-05; arm.c: without ARM64_HAS_STAGE2_FWB"}), [&] {
      each<D>(vm.slot, [&](auto& s) {
        const Flag<D> skipped =
            k.guard(s.lock.held, {"locked_slots_are_skipped", "v4-05: stage2_unmap_vm"});
        k.set(s.lock.mapped, s.lock.mapped && skipped);
        k.set(s.lock.stale, s.lock.stale && skipped);
      });
      k.set(vm.spe.flush_dcache, true);
      k.set(vm.spe.flush_icache, true);
      k.set(vm.spe.clear_tags, vm.spe.clear_tags || vm.spe.mte);
    });
  });
}

// The guest's registers are reset to zero (SPE-4.12). With them goes what v6 pinned; the posted
// code leaves the virtual line as it was.
template <class D>
void spe_registers_reset(Step<D>& k, Vm<D>& vm, const Reset<D>& reset) {
  if (!is_spe_series(k.profile())) return;
  SpeVcpu<D>& spe = reset.self.spe;
  k.require(is_out_of_guest<D>(vm, reset.vcpu) && !spe.event_pending,
            {"not_during_run", "kvm_main.c:kvm_vcpu_ioctl: KVM_RUN holds the vCPU's mutex"});
  const auto zero = [&]<class Register>(Register) {
    keep_value<D, Register>(k, spe.regs, Word<D, 64>(0));
  };
  each_kept_register(zero);
  zero(Pmbptr{});
  zero(Pmblimitr{});
  zero(Pmbsr{});
  k.set(spe.regs.sampling.unknown, Word<D, 16>(0));
  if (!k.is(Behaviour::spe_status_set_quietly)) k.set(spe.line, false);
  give_back<D>(k, spe);
}

// kvm_arch_vcpu_put() of the posted series saves PMSNEVFR_EL1 from the hardware, also where the
// vCPU is stopped and its own value is only kept (SPE-4.8).
template <class D>
void spe_vcpu_put(Step<D>& k, Vm<D>& vm, const PutVcpu<D>& put) {
  if (!is_spe_series(k.profile())) return;
  Vcpu<D>& self = vm.vcpu[put.vcpu.index];
  const bool of_stopped_too = k.is(Behaviour::spe_nevfr_shared);
  const Flag<D> saves = of_stopped_too ? Flag<D>(true) : self.spe.stop == spe_running;
  k.at(vm.spu, self.on_pe, [&](const auto& spu, std::size_t i) {
    const auto& pe = std::as_const(vm).host.pe[i];
    k.when(has_spe_feature<D>(self) && saves && pe.spe >= 3 && pe.spe != 0xff,
           [&] { k.set(self.spe.regs.events_clear, spu.events_clear); });
  });
}

// Every run: the CPU, then the stop state (v4-19, v4-36).
template <class D>
void spe_run(Step<D>& k, Vm<D>& vm, const Running<D>& running) {
  if (!is_spe_series(k.profile())) return;
  const Vcpu<D>& self = vm.vcpu[running.vcpu.index];
  const Word<D, 16>& cpu = running.cpu;
  const Flag<D> spe = has_spe_feature<D>(self);
  const Flag<D> told = cpu != 0xffff;
  if (!pins_buffer(k.profile()))  // v6 answers as the PMU does: spe_refuses()
    k.reject(Errno::noexec, spe && told && !spe_may_run_on<D>(vm, self, cpu),
             {"unsupported_cpu", "v4-19: ENOEXEC on a PE outside the set"});
  if (k.is(Behaviour::spe_cpu_flag_stays))
    k.when(spe && self.spe.cpus != 0, [&] {
      k.may_fail(Errno::noexec,
                 {"was_on_unsupported_cpu", "v4-19: an earlier vcpu_load() left the flag set"});
    });
  k.reject(Errno::again, spe && is_kept_out<D>(self.spe),
           {"profiling_is_stopped", "v4-36: KVM_EXIT_FAIL_ENTRY with -EAGAIN"});
}

}  // namespace assay

// What KVM_RUN refuses and does for a vCPU with SPE (facts/spe 4.4, 4.6 to 4.8).
#pragma once
#include "spec/kvm/spe/attributes.hpp"

namespace assay {

// Whether the vCPU's set of CPUs names PE `cpu`; without a set every PE will do (v4-19).
template <class D>
Flag<D> spe_may_run_on(const Vm<D>& vm, const Vcpu<D>& self, const Word<D, 16>& cpu) {
  return self.spe.cpus == 0 || any<D>(vm.host.pe, [&](const auto&, std::size_t i) {
           return i < 64 && cpu == Word<D, 16>(i) && bit(plain(self.spe.cpus), i % 64);
         });
}

// The checks of the first run (v4-22).
template <class D>
void spe_first_run_checks(Step<D>& k, const Vm<D>& vm, const Vcpu<D>& self) {
  if (!is_spe_series(k.profile())) return;
  const Flag<D> spe = has_spe_feature<D>(self);
  const Flag<D> names_other = any<D>(vm.host.pe, [&](const auto& pe, std::size_t i) {
    return i < 64 && bit(plain(self.spe.cpus), i % 64) && pe.spe == 0xff;
  });
  k.reject(Errno::noexec, spe && names_other,
           {"cpus_without_spe", "v4-22: the set must lie within the PEs that have SPE"});
  k.reject(k.is(Behaviour::spe_v5) ? Errno::inval : Errno::perm, spe && !self.spe.initialized,
           {"spe_not_initialized", "v4-22: EPERM; v5-21: EINVAL"});
}

// kvm_mmu_perform_pending_ops(): maintenance put off at lock time, before everything else that a
// first run does (v4-04). v4 clears what is pending on success only, v5 bit by bit, and in a VM
// without MTE never the tags.
template <class D>
void spe_maintenance(Step<D>& k, Vm<D>& vm) {
  if (!pins_memory(k.profile())) return;
  const bool bitwise = k.is(Behaviour::spe_v5);
  if (bitwise) k.set(vm.spe.flush_dcache, false);
  k.when(vm.spe.clear_tags && vm.spe.mte, [&] {
    k.may_fail(Errno::fault,
               {"tags_not_cleared", "v4-06: a gap in the VMAs of a locked slot, or VM_SHARED"});
  });
  k.set(vm.spe.flush_dcache, false);
  k.set(vm.spe.clear_tags, bitwise && vm.spe.clear_tags && !vm.spe.mte);
}

// Every run: the CPU, then the stop state (v4-19, v4-36).
template <class D>
void spe_run_checks(Step<D>& k, Vm<D>& vm, const Vcpu<D>& self, const Word<D, 16>& cpu) {
  if (!is_spe_series(k.profile())) return;
  const Flag<D> spe = has_spe_feature<D>(self);
  const Flag<D> told = cpu != 0xffff;
  k.reject(Errno::noexec, spe && told && !spe_may_run_on<D>(vm, self, cpu),
           {"unsupported_cpu", "v4-19: ENOEXEC on a PE outside the set"});
  k.when(spe && self.spe.cpus != 0, [&] {
    k.may_fail(Errno::noexec,
               {"was_on_unsupported_cpu", "v4-19: an earlier vcpu_load() left the flag set"});
  });
  k.reject(Errno::again,
           spe && self.spe.stop == spe_stopped_exit && !self.spe.line && self.spe.regs.enable &&
               (self.spe.regs.e0spe || self.spe.regs.e1spe),
           {"profiling_is_stopped", "v4-36: KVM_EXIT_FAIL_ENTRY with -EAGAIN"});
}

}  // namespace assay

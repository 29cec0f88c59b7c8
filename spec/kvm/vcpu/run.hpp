// What a vCPU itself, with SVE and its timers, must be before it enters the guest (KVM-1.6).
#pragma once
#include "spec/kvm/interrupt_owners.hpp"
#include "spec/kvm/stage.hpp"

namespace assay {

// SVE as the run checks see it.
template <class D>
Flag<D> has_sve(const Step<D>& k, const Vm<D>& vm, const Vcpu<D>& cpu) {
  if (k.is(Behaviour::features_belong_to_vm)) return has(k, vm, cpu, Feature::sve);
  return Flag<D>(plain(cpu.has_sve));
}
template <class D>
Flag<D> is_initialized(const Vcpu<D>& cpu) {
  return Flag<D>(plain(cpu.initialized));
}

template <class D>
void vcpu_is_initialized(Step<D>& k, Vm<D>& vm, const Running<D>& running) {
  k.reject(Errno::noexec, !is_initialized<D>(vm.vcpu[running.vcpu.index]),
           {"not_initialized", "api.rst 4.10: ENOEXEC; kvm_arch_vcpu_run_pid_change"});
}

template <class D>
void sve_is_finalized(Step<D>& k, Vm<D>& vm, const Running<D>& running) {
  const Vcpu<D>& self = vm.vcpu[running.vcpu.index];
  k.reject(Errno::perm, has_sve<D>(k, vm, self) && !self.sve_finalized,
           {"sve_not_finalized", "api.rst 4.10: EPERM; kvm_arm_vcpu_is_finalized"});
}

// Timer interrupts: claimed one after the other.
template <class D>
void timer_first_run(Step<D>& k, Vm<D>& vm, const Running<D>& running) {
  Vcpu<D>& cpu = vm.vcpu[running.vcpu.index];
  k.when(vm.gic.created && !vm.timers_moved, [&] {
    k.reject(Errno::inval, is_owned_by_another<D>("vtimer", cpu, Word<D, 32>(vtimer_ppi)),
             {"vtimer_interrupt_taken", "arch_timer.c:timer_irqs_are_valid"});
    k.set(cpu.vtimer_claimed, true);
    k.reject(Errno::inval, is_owned_by_another<D>("ptimer", cpu, Word<D, 32>(ptimer_ppi)),
             {"ptimer_interrupt_taken", "arch_timer.c:timer_irqs_are_valid"});
    k.set(cpu.ptimer_claimed, true);
  });
  // Which interrupts moved timers have is not followed.
  k.when(vm.gic.created && vm.timers_moved, [&] {
    k.may_fail(Errno::inval, {"moved_timers_clash", "arch_timer.c:timer_irqs_are_valid"});
  });
}

// The checks of another task's run have passed.
template <class D>
void vcpu_has_run(Step<D>& k, Vm<D>& vm, const Running<D>& running) {
  k.set(vm.has_ran_once, true);
  k.set(vm.vcpu[running.vcpu.index].runner, running.task);
}

}  // namespace assay

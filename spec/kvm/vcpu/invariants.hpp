// What is always true of vCPUs (facts LC-6, LC-7, LC-11, PMU-11).
#pragma once
#include "spec/kvm/vcpu/rules.hpp"

namespace assay {

// PMU-11: once SET_PMU named a PMU, no vCPU executes on a PE outside that PMU's set.
template <class D>
Flag<D> vcpu_never_runs_on_unsupported_cpu(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !c.in_guest || all<D>(vm.host.pe, [&](const auto& pe, std::size_t i) {
      return c.on_pe != Word<D, 16>(i) || runs_on<D>(vm, pe);
    });
  });
}

// A vCPU in the guest has passed its run checks, so the VM counts as having run (LC-7).
template <class D>
Flag<D> runner_implies_vm_has_run(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return implies<D>(c.in_guest, c.runner != 0) && implies<D>(c.runner != 0, vm.has_ran_once);
  });
}

// A narrowed VM has a PMU to be narrowed to.
template <class D>
Flag<D> narrowed_vm_has_pmu(const Vm<D>& vm) {
  return implies<D>(vm.pmu.narrowed, vm.pmu.arm_pmu != 0);
}

// A vCPU in the guest belongs to a living VM.
template <class D>
Flag<D> dead_vm_ran_nothing_new(const Vm<D>& vm) {
  return implies<D>(vm.dead, vm.gic.created && !vm.gic.ready);
}

// A claimed timer interrupt is never owned by the PMU of the same vCPU.
template <class D>
Flag<D> interrupts_have_one_owner(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !(c.vtimer_claimed && c.pmu.created && c.pmu.irq == 27) &&
           !(c.ptimer_claimed && c.pmu.created && c.pmu.irq == 30);
  });
}

}  // namespace assay

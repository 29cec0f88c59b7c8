// What is always true of vCPUs (LC-6, LC-7, LC-11, PMU-11).
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

// What vcpu_load() noted is true of the PE, as long as the vCPU stays there.
template <class D>
Flag<D> loaded_vcpus_note_is_true(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !c.loaded || c.on_unsupported || all<D>(vm.host.pe, [&](const auto& pe, std::size_t i) {
      return c.on_pe != Word<D, 16>(i) || runs_on<D>(vm, pe);
    });
  });
}
// A vCPU that is not loaded has no note, and one that is has run.
template <class D>
Flag<D> note_is_of_a_load(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return implies<D>(plain(c.on_unsupported), plain(c.loaded)) &&
           implies<D>(plain(c.loaded), c.runner != 0);
  });
}
// No guest executes on a PE that was taken offline.
template <class D>
Flag<D> guests_run_on_online_pes(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return !(c.in_guest || c.loaded) || !is_offline<D>(vm, plain(c.on_pe));
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

// A vCPU that ran is initialised: a later KVM_ARM_VCPU_INIT either asks for the same features,
// which then still fit, or is refused (api.rst 4.82).
template <class D>
Flag<D> vcpu_that_ran_is_initialized(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) { return c.runner == 0 || c.initialized; });
}
// Before Linux 6.7: what an initialised vCPU's features have passed (reset.c:kvm_reset_vcpu).
template <class D>
Flag<D> initialized_features_fit(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    auto has_bit = [&](Feature f) { return bit(plain(c.features), static_cast<unsigned>(f)); };
    const Flag<D> width = vm.width_fixed && iff(has_bit(Feature::el1_32bit), plain(vm.is_32bit));
    const Flag<D> sve = !has_bit(Feature::sve) || c.sve_finalized || vm.host.sve;
    const Flag<D> address = has_bit(Feature::ptrauth_address);
    const Flag<D> generic = has_bit(Feature::ptrauth_generic);
    const Flag<D> ptrauth = !(address || generic) || (address && generic && vm.host.ptrauth);
    const Flag<D> pmu = !has_bit(Feature::pmu_v3) || vm.host.pmu_v3;
    return !c.initialized || (width && sve && ptrauth && pmu);
  });
}

}  // namespace assay

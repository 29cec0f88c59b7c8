// What is always true of VM and vCPU creation (LC-1, LC-2, LC-3).
#pragma once
#include "spec/kvm/vm.hpp"

namespace assay {

// LC-2: exactly the first `online` entries exist, and no more than the VM allows. A GICv2 sets
// the VM's limit to 8, whatever the host's (vgic-init.c:kvm_vgic_create).
template <class D>
Flag<D> online_counts_vcpus(const Vm<D>& vm) {
  using W = Word<D, 16>;
  const Flag<D> within =
      vm.online <= vm.host.vcpus_max || (vm.gic.created && vm.gic.v2 && vm.online <= 8);
  return within && all<D>(vm.vcpu, [&](const auto& c, std::size_t i) {
           return iff(c.created, W(i) < vm.online);
         });
}

// LC-1: an id belongs to one vCPU, and lies below KVM_MAX_VCPU_IDS.
template <class D>
Flag<D> vcpu_ids_are_unique(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) { return !c.created || c.id < 512; }) &&
         all_pairs<D>(vm.vcpu, [](const auto& a, const auto& b) {
           return !a.created || !b.created || a.id != b.id;
         });
}

// A vCPU that does not exist has no state.
template <class D>
Flag<D> absent_vcpu_is_blank(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return c.created || (!c.initialized && c.features == 0 && !c.has_sve && !c.sve_finalized &&
                         !c.has_frame && c.runner == 0 && !c.in_guest && c.pmu.irq == 0 &&
                         !c.pmu.created && !c.vtimer_claimed && !c.ptimer_claimed);
  });
}

}  // namespace assay

// What is always true of VM and vCPU creation.
#pragma once
#include "spec/x86/vm.hpp"

namespace assay::x86 {

// Exactly the first `online` entries exist, and no more than the host allows.
template <class D>
Flag<D> x86_online_counts_vcpus(const Vm<D>& vm) {
  using W = Word<D, 16>;
  return vm.online <= vm.host.vcpus_max && all<D>(vm.vcpu, [&](const auto& c, std::size_t i) {
           return iff(c.created, W(i) < vm.online);
         });
}

// An id belongs to one vCPU, and lies below KVM_MAX_VCPU_IDS.
template <class D>
Flag<D> x86_vcpu_ids_are_unique(const Vm<D>& vm) {
  return all<D>(vm.vcpu,
                [&](const auto& c) { return !c.created || c.id < vm.host.vcpu_ids_max; }) &&
         all_pairs<D>(vm.vcpu, [](const auto& a, const auto& b) {
           return !a.created || !b.created || a.id != b.id;
         });
}

// A vCPU that does not exist has no state, and one in the guest has run.
template <class D>
Flag<D> x86_absent_vcpu_is_blank(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [](const auto& c) {
    return (c.created || (!c.has_run && !c.in_guest)) && (c.has_run || !c.in_guest);
  });
}

}  // namespace assay::x86

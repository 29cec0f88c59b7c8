// What is always true of PMU configuration (PMU-1, PMU-3, PMU-5, PMU-6).
#pragma once
#include "spec/kvm/vgic/numbers.hpp"

namespace assay {

// An initialised PMU has no number outside what the vGIC can deliver once the vGIC is ready:
// the owner was claimed (PMU-1).
template <class D>
Flag<D> initialized_pmu_interrupt_is_deliverable(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) {
    return implies<D>(c.pmu.created && c.pmu.irq != 0,
                      vm.gic.initialized &&
                          (is_ppi<D>(plain(c.pmu.irq)) || is_valid_spi<D>(vm, plain(c.pmu.irq))));
  });
}

// PMU-3: all PPIs of a VM are one number, all SPIs are distinct, and nothing else is ever set.
template <class D>
Flag<D> pmu_interrupts_are_consistent(const Vm<D>& vm) {
  const auto is_valid = [](const auto& c) {
    return c.pmu.irq == 0 || is_ppi<D>(plain(c.pmu.irq)) || is_spi<D>(plain(c.pmu.irq));
  };
  return all<D>(vm.vcpu, is_valid) && all_pairs<D>(vm.vcpu, [](const auto& a, const auto& b) {
           const Flag<D> both_ppi = is_ppi<D>(plain(a.pmu.irq)) && is_ppi<D>(plain(b.pmu.irq));
           const Flag<D> both_spi = is_spi<D>(plain(a.pmu.irq)) && is_spi<D>(plain(b.pmu.irq));
           return implies<D>(both_ppi, a.pmu.irq == b.pmu.irq) &&
                  implies<D>(both_spi, a.pmu.irq != b.pmu.irq);
         });
}

// An interrupt number is only ever set while an irqchip exists.
template <class D>
Flag<D> pmu_interrupt_needs_irqchip(const Vm<D>& vm) {
  return all<D>(vm.vcpu, [&](const auto& c) { return implies<D>(c.pmu.irq != 0, vm.gic.created); });
}

// The VM's PMU is one that the host has.
template <class D>
Flag<D> arm_pmu_is_a_host_pmu(const Vm<D>& vm) {
  return vm.pmu.arm_pmu == 0 ||
         any<D>(vm.host.pmu, [&](const auto& p) { return p.type == vm.pmu.arm_pmu; });
}

}  // namespace assay

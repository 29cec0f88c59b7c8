// The PMU attributes of a vCPU. What of it belongs to the system: rules, invariants, properties.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/pmu/invariants.hpp"
#include "spec/kvm/pmu/rules.hpp"

namespace assay {

struct KvmPmu {
  template <class D>
  using Rules =
      TypeList<SetAttribute<D, PmuIrq>, SetAttribute<D, PmuInit>, SetAttribute<D, PmuFilter>,
               SetAttribute<D, PmuSelected>, SetAttribute<D, PmuOther>, GetAttribute<D, PmuIrq>,
               HasAttribute<D, PmuV3Ctrl>>;

  template <class D>
  static void invariants(const SayInvariant<D>& say) {
    say(every, "pmu_interrupts_are_consistent", pmu_interrupts_are_consistent<D>, "vcpu.rst 1.1");
    say(every, "pmu_interrupt_needs_irqchip", pmu_interrupt_needs_irqchip<D>, "vcpu.rst 1.1");
    say(every, "initialized_pmu_interrupt_is_deliverable",
        initialized_pmu_interrupt_is_deliverable<D>, "vcpu.rst 1.2");
    say(every, "arm_pmu_is_a_host_pmu", arm_pmu_is_a_host_pmu<D>, "vcpu.rst 1.4");
  }
};

}  // namespace assay

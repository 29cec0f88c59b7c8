// The virtual PMUv3, as far as userspace configures it (devices/vcpu.rst 1).
#pragma once
#include "spec/kvm/host.hpp"

namespace assay {

// Per vCPU.
template <class D>
struct PmuVcpu {
  WordCell<D, 32> irq{};  // KVM_ARM_VCPU_PMU_V3_IRQ; 0 = not set
  FlagCell<D> created{};  // KVM_ARM_VCPU_PMU_V3_INIT succeeded
  static constexpr auto fields() { return members<&PmuVcpu::irq, &PmuVcpu::created>; }
};

// Per VM.
template <class D>
struct PmuVm {
  WordCell<D, 32> arm_pmu{};    // type of the host PMU in use; 0 = none yet
  FlagCell<D> narrowed{};       // SET_PMU limited the VM to the CPUs of arm_pmu
  FlagCell<D> filter{};         // an event filter exists
  FlagCell<D> filter_allows{};  // its first action was ALLOW: events not named are denied
  WordCell<D, 8> counters{};    // SET_NR_COUNTERS; 0 = never set
  static constexpr auto fields() {
    return members<&PmuVm::arm_pmu, &PmuVm::narrowed, &PmuVm::filter, &PmuVm::filter_allows,
                   &PmuVm::counters>;
  }
};

}  // namespace assay

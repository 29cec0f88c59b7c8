// What userspace has set of registers that KVM itself keeps and that a later call reads: firmware
// registers of the VM, the vector lengths of a vCPU. All other registers are not followed.
#pragma once
#include "spec/kvm/host.hpp"

namespace assay {

// Per vCPU.
template <class D>
struct RegistersVcpu {
  WordCell<D, 16> vector_lengths{};  // KVM_REG_ARM64_SVE_VLS as set; 0 = never
  static constexpr auto fields() { return members<&RegistersVcpu::vector_lengths>; }
};

// Per VM. A bitmap is kept as what differs from its value in a new VM.
template <class D>
struct RegistersVm {
  WordCell<D, 32> psci{};          // KVM_REG_ARM_PSCI_VERSION as set; 0 = never
  WordCell<D, 2> standard{};       // KVM_REG_ARM_STD_BMAP
  WordCell<D, 2> standard_hyp{};   // KVM_REG_ARM_STD_HYP_BMAP
  WordCell<D, 2> vendor_hyp{};     // KVM_REG_ARM_VENDOR_HYP_BMAP
  WordCell<D, 2> vendor_hyp_2{};   // KVM_REG_ARM_VENDOR_HYP_BMAP_2
  FlagCell<D> affinity_written{};  // some MPIDR_EL1 is not what a reset made it
  FlagCell<D> untold{};            // a call set a register and the trace does not tell which
  static constexpr auto fields() {
    return members<&RegistersVm::psci, &RegistersVm::standard, &RegistersVm::standard_hyp,
                   &RegistersVm::vendor_hyp, &RegistersVm::vendor_hyp_2,
                   &RegistersVm::affinity_written, &RegistersVm::untold>;
  }
};

}  // namespace assay

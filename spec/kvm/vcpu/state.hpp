// A virtual CPU: KVM_CREATE_VCPU, KVM_ARM_VCPU_INIT, KVM_ARM_VCPU_FINALIZE, KVM_RUN.
#pragma once
#include "spec/kvm/parts.hpp"

namespace assay {

// Bits of kvm_vcpu_init.features[0] (uapi/asm/kvm.h). A subject with a feature that mainline does
// not have declares it in its folder.
enum class Feature : unsigned {
  power_off = 0,
  el1_32bit = 1,
  psci_0_2 = 2,
  pmu_v3 = 3,
  sve = 4,
  ptrauth_address = 5,
  ptrauth_generic = 6,
  has_el2 = 7,
  has_el2_e2h0 = 8,
};

template <class D>
struct Vcpu : VcpuParts<D> {
  using Parts = PartList<VcpuParts<D>>;
  FlagCell<D> created{};
  WordCell<D, 16> id{};        // KVM_CREATE_VCPU's argument; the table index is creation order
  FlagCell<D> initialized{};   // a KVM_ARM_VCPU_INIT succeeded, and no later one failed in reset
  WordCell<D, 16> features{};  // what the vCPU's own feature bitmap holds (Linux before 6.7)
  FlagCell<D> has_sve{};       // the reset code enabled SVE (Linux before 6.7: sticky)
  FlagCell<D> sve_finalized{};
  FlagCell<D> has_frame{};       // owns a redistributor frame
  WordCell<D, 32> runner{};      // task of the last KVM_RUN that passed the checks; 0 = never ran
  FlagCell<D> vtimer_claimed{};  // PPI 27 belongs to the virtual timer
  FlagCell<D> ptimer_claimed{};  // PPI 30 belongs to the physical timer
  WordCell<D, 4> mp_state{};     // KVM_MP_STATE_*, as userspace set it last
  FlagCell<D> pvtime_set{};      // KVM_ARM_VCPU_PVTIME_IPA was set
  NumCell<D> pvtime_base{};      // to this
  FlagCell<D> in_guest{};        // between kvm_entry and kvm_exit
  FlagCell<D> loaded{};          // between vcpu_load() and vcpu_put(), as far as a trace tells
  FlagCell<D> on_unsupported{};  // what vcpu_load() noted of the PE: VCPU_ON_UNSUPPORTED_CPU
  WordCell<D, 16> on_pe{};       // where, while in_guest or loaded
  static constexpr auto fields() {
    return members<&Vcpu::created, &Vcpu::id, &Vcpu::initialized, &Vcpu::features, &Vcpu::has_sve,
                   &Vcpu::sve_finalized, &Vcpu::has_frame, &Vcpu::runner, &Vcpu::vtimer_claimed,
                   &Vcpu::ptimer_claimed, &Vcpu::mp_state, &Vcpu::pvtime_set, &Vcpu::pvtime_base,
                   &Vcpu::in_guest, &Vcpu::loaded, &Vcpu::on_unsupported, &Vcpu::on_pe> +
           VcpuParts<D>::fields();
  }
};

}  // namespace assay

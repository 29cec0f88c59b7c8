// The host a VM runs on: what the implementation was given and never changes.
//
// In proofs these are unknown constants, so a proof holds for every host. In traces they come
// from the header (`assay record` and the laboratory write it).
#pragma once
#include "spec/arch/pe.hpp"
#include "spec/kvm/host_parts.hpp"

namespace assay {

// One PMU that KVM can virtualise, in the order in which KVM probed them.
template <class D>
struct HostPmu {
  WordCell<D, 32> type{};  // /sys/bus/event_source/devices/*/type; 0 = no such entry
  static constexpr auto fields() { return members<&HostPmu::type>; }
};

template <class D>
struct Host : HostParts<D> {
  using Parts = PartList<HostParts<D>>;
  WordCell<D, 8> ipa_bits_max{};       // KVM_CAP_ARM_VM_IPA_SIZE
  WordCell<D, 8> user_address_bits{};  // user addresses lie below 2^this (TASK_SIZE_MAX)
  WordCell<D, 16> vcpus_max{};         // KVM_CAP_MAX_VCPUS on the system descriptor
  WordCell<D, 16> slots_max{};         // KVM_CAP_NR_MEMSLOTS
  WordCell<D, 32> target{};            // KVM_ARM_PREFERRED_TARGET
  WordCell<D, 32> pmu_event_space{};   // events of the host PMU: 0x400 (PMUv3.0) or 0x10000
  WordCell<D, 8> pmu_counters_max{};   // event counters, without the cycle counter
  FlagCell<D> pmu_v3{};                // KVM_CAP_ARM_PMU_V3
  FlagCell<D> sve{};                   // KVM_CAP_ARM_SVE
  FlagCell<D> ptrauth{};               // KVM_CAP_ARM_PTRAUTH_ADDRESS and _GENERIC
  FlagCell<D> el1_32bit{};             // KVM_CAP_ARM_EL1_32BIT
  FlagCell<D> nested{};                // nested virtualisation offered (KVM_CAP_ARM_EL2)
  FlagCell<D> gic_v2{};                // KVM_CREATE_DEVICE_TEST of ARM_VGIC_V2 succeeds
  FlagCell<D> gic_v3{};                // the same for ARM_VGIC_V3
  FlagCell<D> its{};                   // the same for ARM_VGIC_ITS
  FlagCell<D> mte{};                   // KVM_CAP_ARM_MTE
  Table<D, Pe<D>, Dim::pe> pe{};
  Table<D, HostPmu<D>, Dim::pmu> pmu{};

  static constexpr auto fields() {
    return members<&Host::ipa_bits_max, &Host::user_address_bits, &Host::vcpus_max,
                   &Host::slots_max, &Host::target, &Host::pmu_event_space, &Host::pmu_counters_max,
                   &Host::pmu_v3, &Host::sve, &Host::ptrauth, &Host::el1_32bit, &Host::nested,
                   &Host::gic_v2, &Host::gic_v3, &Host::its, &Host::mte> +
           HostParts<D>::fields() + members<&Host::pe, &Host::pmu>;
  }
};

// The host page size of all profiles so far. Memslot checks depend on it.
inline constexpr u64 page_bytes = 4096;

}  // namespace assay

// The implementations of arm64 KVM that can be judged, and the behaviours in which they differ.
// Those of all systems together: spec/system.hpp.
//
// A difference between profiles is one named Behaviour here and one `if (k.is(...))` in the rule
// concerned, never a copy of a rule. Each names its evidence.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "model/profile.hpp"

namespace assay {

enum class Behaviour : unsigned {
  // The vCPU feature set is a property of the VM, fixed by the first successful KVM_ARM_VCPU_INIT;
  // features are validated before anything is stored; POWER_OFF belongs to one call only.
  // Linux 6.7 (arm.c:kvm_vcpu_init_check_features, __kvm_vcpu_set_target). Before, the set is kept
  // per vCPU, and a failed first call leaves the features it had scanned behind.
  features_belong_to_vm,
  // KVM_ARM_VCPU_INIT also accepts KVM_ARM_TARGET_GENERIC_V8. Linux 6.6.
  generic_target_accepted,
  // The default PMU is the one of the CPU that executes the first KVM_ARM_VCPU_INIT with PMU_V3.
  // Linux 6.7 (pmu-emul.c:kvm_arm_set_default_pmu). Before, the first PMU attribute call picks
  // whatever PMU perf hands out.
  default_pmu_at_init,
  // HAS_EL2 (7) and HAS_EL2_E2H0 (8) are known features: EINVAL on a host without nested
  // virtualisation instead of ENOENT. Linux 6.16; observed on 7.2.
  nested_features_known,
  // KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS exists. Between 6.12 and 7.2.
  pmu_nr_counters,
  // KVM_SET_ONE_REG of an id register takes what the host could be, until a vCPU has run (EBUSY).
  // Linux 6.7 (sys_regs.c:set_id_reg). Before, the value must be the one that is there.
  id_registers_writable,
  // PSCI up to 1.3, the second bitmap of the vendor's hypercalls, writable MIDR_EL1 after an
  // opt-in,
  // registers of EL2 and of later extensions. Between 6.12 and 7.2.
  later_registers,
  // GICD_IIDR and GICD_TYPER2 may be accessed before the vGIC is initialised; the vGIC has a
  // maintenance interrupt. Between 6.12 and 7.2.
  vgic_registers_before_init,
  // The timers' interrupts belong to the VM, and there are four. Linux 6.4
  // (arch_timer.c:kvm_arm_timer_set_attr). Before, each vCPU has two of its own.
  timer_interrupts_of_vm,
  // Documented answers that no Linux profile gives: either errno is accepted.
  documented_alternatives,
  // The two readings of the architecture on PMBSR_EL1.DL (SPE-2.7, SPE-7.1, SPE-7.2). Without
  // either,
  // a fault at a record's end writes an IMPLEMENTATION DEFINED 0 or 1 (RMYXZK, RYZJQX) and a fault
  // inside a record sets DL (D17.8): what the prose says.
  spe_dl_kept_at_boundary,    // D17.8.3: at a record's end DL is left as it was
  spe_dl_never_set_by_fault,  // ASL J1.3.4.3 DebugWriteFault: the syndrome has no DL at all
  // The API of RFC v4 of "KVM: arm64: Add SPE support", on v5.14-rc5; v5 in what differs.
  spe_series,
  spe_v5,
  // The designs that followed (SPE-5).
  spe_pins_buffer,        // v6: a buffer's pages are pinned when the guest enables it
  spe_takes_faults,       // nothing is pinned: stage 2 faults of the SPU are served
  spe_discards_on_fault,  // and the guest is told that data was lost; otherwise it is resumed
  // What the posted code does and its documentation does not promise, [inferred]: read out of the
  // code.
  spe_lock_leaks,            // SPE-4.2: a LOCK that fails midway leaves pages pinned and mapped
  spe_irq_unchecked,         // SPE-4.7: SPE_IRQ takes numbers that are no PPI
  spe_stop_ignores_unknown,  // SPE-4.7: SPE_STOP with unknown bits only succeeds
  spe_status_set_quietly,    // I01: KVM_SET_ONE_REG of PMBSR_EL1 leaves the line as it was
  spe_nevfr_shared,          // SPE-4.10: PMSNEVFR_EL1 of the guest stays behind in the host
  spe_cpu_flag_stays,        // SPE-4.6: any ioctl on a wrong CPU spoils the next KVM_RUN
  spe_tags_stay_pending,     // SPE-4.4: without MTE tags stay pending, so every UNLOCK unmaps
  // The instructions of the world switch, and not only what it must reach (SPE-4.10).
  spe_switch_vhe,
  spe_switch_nvhe,  // and of ordinary VMs in protected mode
  count_
};

constexpr bool is_spe_series(const Profile& p) { return p.is(Behaviour::spe_series); }
// The designs (SPE-5): pin all memory at the VMM's word; pin a buffer when the guest enables
// it; pin nothing and serve the SPU's stage 2 faults.
constexpr bool pins_memory(const Profile& p) {
  return is_spe_series(p) && !p.is(Behaviour::spe_pins_buffer) &&
         !p.is(Behaviour::spe_takes_faults);
}
constexpr bool pins_buffer(const Profile& p) { return p.is(Behaviour::spe_pins_buffer); }
constexpr bool takes_faults(const Profile& p) { return p.is(Behaviour::spe_takes_faults); }

// Those of arm64 KVM, `documented` first.
std::span<const Profile> arm64_profiles();
// The profile of a `uname -r` string: "6.1.0-51-arm64" is linux-6.1. The nearest older profile is
// used for kernels in between; nothing for a text that is no kernel release.
const Profile* profile_for_release(std::string_view release);
// The profile that was written for it: 6.1 has one, 6.18 has none.
const Profile* profile_of_kernel(std::string_view release);

std::string_view name_of(Behaviour b);

}  // namespace assay

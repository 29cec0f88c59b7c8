// The implementations of x86 KVM that can be judged, and the behaviours in which they differ.
#pragma once
#include <span>
#include <string_view>

#include "model/profile.hpp"

namespace assay::x86 {

enum class Behaviour : unsigned {
  // KVM_CREATE_VM takes the types of KVM_CAP_VM_TYPES. Linux 6.8 (x86.c:kvm_is_vm_type_supported).
  // Before, a type other than 0 is EINVAL.
  vm_has_types,
  // What the documentation says besides of errors that no kernel gives.
  documented_alternatives,
  // KVM_SET_TSC_KHZ on a VM is refused once it has vCPUs. After Linux 6.12 (x86.c).
  vm_rate_comes_before_vcpus,
  // Writing a TSC offset asks for an update of the masterclock only where that would change
  // something. Linux 6.10 (x86.c:kvm_track_tsc_matching).
  masterclock_is_left_alone,
  // --- the migration algorithm of vcpu.rst 4.1, and what is done wrong with it -------------------
  tsc_migration,                // its events are judged
  migration_adds_difference,    // adds (guest_src - guest_dest) * freq instead of subtracting it
  migration_swaps_hosts,        // adds (tsc_dest - tsc_src) instead of (tsc_src - tsc_dest)
  migration_multiplies_only,    // takes freq as it is written, for ticks of a nanosecond
  migration_takes_khz_for_hz,   // divides by 10^9
  migration_product_wraps,      // multiplies in 64 bits before it divides
  migration_divides_unsigned,   // the difference is negative, and divided as an unsigned number
  migration_forgets_realtime,   // KVM_SET_CLOCK without KVM_CLOCK_REALTIME
  migration_has_no_host_tsc,    // KVM_GET_CLOCK told no host TSC: taken to be zero
  migration_scales_guest,       // the guest's TSC runs at 13/10 of the hosts'
  migration_scales_difference,  // and the VMM scales the hosts' TSCs too
  migration_writes_tsc,         // saves and writes the guest's TSC, not its offset
  // MSRs that say what a vCPU can do keep their values once it has run. Linux 6.4
  // (x86.c:kvm_is_immutable_feature_msr).
  feature_msrs_fixed_by_run,
  // The guest is not interrupted again while bit 62 of IA32_PERF_GLOBAL_STATUS is set. Linux 6.0
  // (pmu.c:__kvm_perf_overflow); series v3 interrupts at each overflow.
  pebs_pmi_once,
  // Series v3 of "KVM: x86/pmu: Add support to enable Guest PEBS via DS": cross-mapped counters
  // have PEBS, and KVM rewrites what they leave. Linux merged the series without it.
  pebs_slow_path,
  // The same as its cover letter describes it: the translation of the DS area is dropped where the
  // guest disables PEBS, all records are rewritten, each once, before a counter is rescheduled, and
  // the threshold is limited whenever counters are enabled.
  pebs_slow_path_as_meant,
  // EMON and PEBS_UNAVAIL of IA32_MISC_ENABLE follow the vCPU's PMU (series v3, patches 1 and 9).
  // Linux 6.0 leaves them to userspace.
  pmu_bits_kept_by_kvm,
  count_
};

// A VMM that moves a guest's TSC is judged by the steps of its algorithm, and a kernel by all else:
// what is proved of one does not carry the other's state.
constexpr bool has_migration(const Profile& p) { return p.is(Behaviour::tsc_migration); }
constexpr bool is_kernel(const Profile& p) { return !has_migration(p); }

// Those of x86 KVM, `documented-x86` first.
std::span<const Profile> profiles();
// The profile of a `uname -r` string, or of the nearest older kernel; null for a text that is no
// kernel release.
const Profile* profile_for_release(std::string_view release);
// The profile that was written for it: 6.1 has one, 6.13 has none.
const Profile* profile_of_kernel(std::string_view release);

}  // namespace assay::x86

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

// Those of x86 KVM, `documented-x86` first.
std::span<const Profile> profiles();
// The profile of a `uname -r` string, or of the nearest older kernel; null for a text that is no
// kernel release.
const Profile* profile_for_release(std::string_view release);
// The profile that was written for it: 6.1 has one, 6.13 has none.
const Profile* profile_of_kernel(std::string_view release);

}  // namespace assay::x86

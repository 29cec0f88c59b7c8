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

// What a file descriptor stands for. KVM's numbers mean different things on different descriptors:
// attribute group 0 is the PMU on a vCPU and the address group on a vGIC, and request 0x4010aeab is
// KVM_GET_ONE_REG on a vCPU and KVM_ARM_SET_DEVICE_ADDR on a VM.
//
// Text says what a descriptor is in its decoration (5<anon_inode:kvm-vcpu:0>). Which kinds there
// are and how each is decorated, the specification declares (spec/handles.hpp).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "spec/handles.hpp"

namespace assay::traces {

using assay::HandleKind;

struct Descriptor {
  HandleKind kind = HandleKind::none;
  std::int32_t id = -1;  // that its maker was given, for kinds that show it; -1: not told
  bool operator==(const Descriptor&) const = default;
};

// What a descriptor leads to, where its history is known: a VM's only object of a kind, or one of
// several by order of creation. Checkers, programs and targets number objects so.
struct Object {
  HandleKind kind = HandleKind::none;
  std::uint32_t vm = 0;      // which VM, as whoever keeps the object numbers them
  std::uint32_t number = 0;  // of a kind that is counted
  bool operator==(const Object&) const = default;
};

// "/dev/kvm", "anon_inode:kvm-vcpu:3", and the same with brackets ("anon_inode:[kvm-vm]"), which
// some kernels put around such names. Kind none for what is not KVM's.
Descriptor descriptor_of_link(std::string_view link);

// The inverse: what strace -y prints between < and >; nothing for kind none. An id that is not told
// prints as 0. Appends.
void append_link(Descriptor descriptor, std::string& out);

// Whether a VM may have several objects of a kind.
bool is_counted(HandleKind kind);
// Whether it was made by KVM_CREATE_DEVICE.
bool is_device(HandleKind kind);
// KVM_DEV_TYPE of a kind of device; 0 for others and for devices that no subject describes.
std::uint32_t device_type(HandleKind kind);

}  // namespace assay::traces

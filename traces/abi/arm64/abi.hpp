// The memory layout of KVM/arm64's ioctls, written once: for every request the members of its
// structure, and for every device attribute the value that its pointer leads to. decode.hpp turns
// bytes into calls by these tables and encode.hpp calls into bytes.
//
// Numbers and layouts are ABI and the same on every little-endian 64-bit host, so they are typed
// here and not taken from a header: a trace of an Arm machine is read on any machine.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "traces/abi/arm64/constants.hpp"
#include "traces/abi/arm64/handles.hpp"

namespace assay::traces {

// Requests are the same on all architectures but for a few structures; the attributes of a vCPU are
// each architecture's own.
enum class Abi : std::uint8_t { arm64, x86 };
// Of a machine as `uname -m` calls it.
Abi abi_of_machine(std::string_view machine);

// How a member is written.
enum class MemberKind : std::uint8_t {
  number,       // 23
  hexadecimal,  // 0x1000, and 0 for zero: addresses, masks
  name,         // KVM_MP_STATE_STOPPED, a constant of `family`; a number if it has no name
  flags,        // KVM_MEM_READONLY|0x10, bits of `family`
  handle,       // a descriptor
  group,        // an attribute group: the family follows from the descriptor
  attribute,    // an attribute: the family follows from the descriptor and the group
  pointer,      // to a value of the layout that group and attribute, or the register's id, name
};

struct Member {
  std::string_view name;
  std::uint16_t offset;
  std::uint8_t bytes;      // of one element: 1, 2, 4 or 8
  std::uint8_t count = 1;  // more than one: an array
  MemberKind kind = MemberKind::number;
  Family family = Family::none;
  bool if_nonzero = false;  // padding: written only if it holds something
};

// What the third argument of an ioctl is.
enum class ArgumentKind : std::uint8_t {
  ignored,      // no argument: 0
  number,       // 1
  hexadecimal,  // 0x30
  name,         // KVM_CHECK_EXTENSION's: a capability
  scalar,       // a pointer to one number: [KVM_ARM_VCPU_SVE]
  structure,    // a pointer to `members`
  opaque,       // a pointer to something that is not decoded
};

struct RequestLayout {
  std::string_view name;
  std::uint64_t number = 0;
  HandleKind on = HandleKind::none;  // none: several kinds of descriptor
  ArgumentKind argument = ArgumentKind::opaque;
  std::span<const Member> members = {};  // scalar: its only one
  HandleKind makes = HandleKind::none;   // what a result >= 0 is a descriptor of

  constexpr std::uint32_t bytes() const { return number >> 16 & 0x3fff; }  // _IOC_SIZE
  constexpr bool reads() const { return number >> 30 & 1; }   // _IOC_WRITE: the kernel reads
  constexpr bool writes() const { return number >> 31 & 1; }  // _IOC_READ: the kernel writes
};

// All requests that have a layout. The rest of request_constants are names only.
std::span<const RequestLayout> request_layouts();

// nullptr if there is no layout for that request on that kind of descriptor. On `none`, the first
// with that number.
const RequestLayout* request_layout(std::uint64_t number, HandleKind on);
const RequestLayout* request_layout(std::string_view name);

// --- what kvm_device_attr.addr and kvm_one_reg.addr point at ---

struct ValueLayout {
  std::uint32_t bytes = 0;               // 0: the attribute has no value
  std::span<const Member> members = {};  // empty: one number
  MemberKind kind = MemberKind::number;  // of that number
};

// The layout of an attribute's value; nullptr if the attribute is not known.
const ValueLayout* attribute_layout(Descriptor on, std::uint32_t group, std::uint64_t attribute,
                                    Abi abi = Abi::arm64);
// Which names groups and attributes have on a descriptor.
Family group_family(Descriptor on, Abi abi = Abi::arm64);
Family attribute_family(Descriptor on, std::uint32_t group, Abi abi = Abi::arm64);

// The size that a register's id states, 0 if none can have it (more than KVM_REG_SIZE_U2048).
std::uint32_t register_bytes(std::uint64_t id);

// --- struct capture_run as KVM_RUN's structure ---

// The members of one exit reason in the first 32 bytes of the exit union; empty if it has none.
std::span<const Member> exit_members(std::uint32_t exit_reason);

}  // namespace assay::traces

// Kinds of descriptors: what a call is made on, or makes.
//
// A subject declares the kinds that it brings (`handles` of its subject.hpp), and everybody who
// speaks of descriptors goes by the declarations: the syntax of rules, traces as strace decorates
// them, captures, the checker, the generator. A kind is made by the rule whose syntax ends in
// `= <new NAME>`; a device by KVM_CREATE_DEVICE, which names its type.
#pragma once
#include <span>
#include <string_view>

#include "model/bits.hpp"

namespace assay {

// Those that tools give a meaning of their own. Subjects add kinds of device by number.
enum class HandleKind : unsigned char {
  none = 0,
  system = 1,  // /dev/kvm
  vm = 2,      // owns all that follow
  vcpu = 3,
  device = 5,   // one that no subject describes
  machine = 6,  // no descriptor: the event concerns the hardware, a PE that it names itself
};

struct HandleDeclaration {
  HandleKind kind;        // its number never changes: binary traces hold it
  std::string_view name;  // in the syntax of rules: <vgic>
  std::string_view link;  // what /proc/PID/fd and strace -y show
  HandleKind owner = HandleKind::none;
  // The owner may have any number of them. Rules name one by its order of creation, with a handle
  // argument: a struct with an `index` and the `dimension` of the state's table that it is an index
  // of.
  bool is_counted = false;
  bool shows_id = false;  // the link goes on with a colon and the id that its maker was given
  u32 device_type = 0;    // KVM_DEV_TYPE of a device
};

// All kinds of all systems, in the order of the subjects. A kind, a link and a KVM_DEV_TYPE are
// Linux's and mean the same in each: a VM is made on /dev/kvm on every architecture.
std::span<const HandleDeclaration> system_handles();
// Null for none and machine, and for numbers that nobody declares.
const HandleDeclaration* declaration_of(HandleKind kind);
// HandleKind::none for a name that nobody declares.
HandleKind handle_kind_named(std::string_view name);
// Of a KVM_DEV_TYPE; HandleKind::device where no subject describes it.
HandleKind device_of_type(u32 type);

}  // namespace assay

// Calls that ask and change nothing: KVM_GET_API_VERSION, KVM_GET_STATS_FD (api.rst 4.1, 4.133).
//
// virt/kvm answers them on every architecture, so the rules are written for any VM that has a gate.
#pragma once
#include "model/step.hpp"

namespace assay {

// ioctl(/dev/kvm, KVM_GET_API_VERSION, 0).
template <class D>
struct GetApiVersion {
  static constexpr const char* name = "get_api_version";
  static constexpr const char* syntax = "ioctl(<system>, KVM_GET_API_VERSION, argument)";
  static constexpr const char* source = "api.rst 4.1; kvm_main.c:kvm_dev_ioctl";
  static constexpr u64 version = 12;
  Word<D, 64> argument{};
  static constexpr auto fields() { return members<&GetApiVersion::argument>; }

  template <class AnyVm>
  void apply(Step<D>& k, AnyVm&) const {
    k.reject(Errno::inval, argument != 0, {"argument_not_zero", "kvm_main.c:kvm_dev_ioctl"});
    k.returns(Word<D, 64>(version), {"api_version", "api.rst 4.1: 12, the only stable one"});
  }
};

// ioctl(VM or vCPU, KVM_GET_STATS_FD): a descriptor to read statistics from.
template <class D>
struct GetStatsFd {
  static constexpr const char* name = "get_stats_fd";
  static constexpr const char* syntax = "ioctl(<vm|vcpu>, KVM_GET_STATS_FD)";
  static constexpr const char* source = "api.rst 4.133; kvm_main.c:kvm_vm_ioctl";
  static constexpr auto fields() { return members<>; }

  template <class AnyVm>
  void apply(Step<D>& k, AnyVm& vm) const {
    gate(k, vm);
    k.may_fail(Errno::mfile, {"no_descriptor", "api.rst 4.133: EMFILE"});
    k.may_fail(Errno::nfile, {"no_file", "kvm_main.c: anon_inode_getfile"});
    k.may_fail(Errno::nomem, {"no_memory", "api.rst 4.133: ENOMEM"});
  }
};

}  // namespace assay

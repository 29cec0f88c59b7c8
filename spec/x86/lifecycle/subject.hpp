// VM and vCPU life cycle on x86. What of it belongs to the system: rules, handles, invariants.
#pragma once
#include "spec/kvm_main/queries.hpp"
#include "spec/x86/lifecycle/invariants.hpp"
#include "spec/x86/lifecycle/rules.hpp"
#include "spec/x86/lifecycle/run.hpp"
#include "spec/x86_subject.hpp"

namespace assay {

struct X86Lifecycle {
  template <class D>
  using Rules = TypeList<x86::CreateVm<D>, x86::CheckExtension<D>, x86::CreateIrqchip<D>,
                         x86::CreateVcpu<D>, x86::VcpuRun<D>, x86::GuestEntry<D>, x86::GuestExit<D>,
                         GetApiVersion<D>, GetStatsFd<D>>;

  // Those of KVM on every architecture.
  static constexpr std::array handles{
      HandleDeclaration{HandleKind::system, "system", "/dev/kvm"},
      HandleDeclaration{HandleKind::vm, "vm", "anon_inode:kvm-vm", HandleKind::system},
      HandleDeclaration{.kind = HandleKind::vcpu,
                        .name = "vcpu",
                        .link = "anon_inode:kvm-vcpu",
                        .owner = HandleKind::vm,
                        .is_counted = true,
                        .shows_id = true},
      HandleDeclaration{HandleKind::device, "device", "anon_inode:kvm-device", HandleKind::vm},
  };

  template <class D>
  static void invariants(const x86::SayInvariant<D>& say) {
    say(every, "x86_online_counts_vcpus", x86::x86_online_counts_vcpus<D>, "api.rst 4.7");
    say(every, "x86_vcpu_ids_are_unique", x86::x86_vcpu_ids_are_unique<D>, "api.rst 4.7");
    say(every, "x86_absent_vcpu_is_blank", x86::x86_absent_vcpu_is_blank<D>,
        "kvm_main.c:kvm_vm_ioctl_create_vcpu");
  }
};

}  // namespace assay

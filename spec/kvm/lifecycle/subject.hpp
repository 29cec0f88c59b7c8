// System and VM life cycle. What of it belongs to the system: rules, invariants, properties.
#pragma once
#include "spec/arm64_subject.hpp"
#include "spec/kvm/lifecycle/capabilities.hpp"
#include "spec/kvm/lifecycle/invariants.hpp"
#include "spec/kvm/lifecycle/rules.hpp"
#include "spec/kvm_main/queries.hpp"

namespace assay {

struct KvmLifecycle {
  template <class D>
  using Rules = TypeList<CreateVm<D>, CheckExtension<D>, GetVcpuMmapSize<D>, CreateVcpu<D>,
                         PreferredTarget<D>, GetApiVersion<D>, GetStatsFd<D>, EnableCapability<D>>;

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
      // No rule is about these.
      HandleDeclaration{.kind = HandleKind{9},
                        .name = "vfio",
                        .link = "anon_inode:kvm-vfio",
                        .owner = HandleKind::vm,
                        .device_type = 4},
      HandleDeclaration{.kind = HandleKind{10},
                        .name = "pv_time",
                        .link = "anon_inode:kvm-arm-pv-time",
                        .owner = HandleKind::vm,
                        .device_type = 10},
  };

  template <class D>
  static void invariants(const SayInvariant<D>& say) {
    say(every, "online_counts_vcpus", online_counts_vcpus<D>, "api.rst 4.7");
    say(every, "vcpu_ids_are_unique", vcpu_ids_are_unique<D>, "api.rst 4.7");
    say(every, "absent_vcpu_is_blank", absent_vcpu_is_blank<D>,
        "kvm_main.c:kvm_vm_ioctl_create_vcpu");
  }
};

}  // namespace assay

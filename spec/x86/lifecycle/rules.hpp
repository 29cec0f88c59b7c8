// VM and vCPU life cycle on x86: KVM_CREATE_VM, KVM_CHECK_EXTENSION, KVM_CREATE_IRQCHIP,
// KVM_CREATE_VCPU (api.rst 4.2, 4.4, 4.24, 4.7).
#pragma once
#include "spec/x86/stages.hpp"

namespace assay::x86 {

// ioctl(/dev/kvm, KVM_CREATE_VM, type).
template <class D>
struct CreateVm {
  static constexpr const char* name = "x86_create_vm";
  static constexpr const char* syntax = "ioctl(<system>, KVM_CREATE_VM, type) = <new vm>";
  static constexpr const char* source = "api.rst 4.2; x86.c:kvm_arch_init_vm";
  static constexpr bool creates_the_system = true;
  Word<D, 64> type{};
  static constexpr auto fields() { return members<&CreateVm::type>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    Flag<D> known = type == 0;
    if (k.is(Behaviour::vm_has_types))
      for (unsigned n = 1; n < 32; ++n)
        known = known || (type == n && bit(plain(vm.host.vm_types), n));
    k.reject(Errno::inval, !known, {"unknown_type", "api.rst 4.2; x86.c:kvm_is_vm_type_supported"});
    k.may_fail(Errno::nomem, {"no_memory", "kvm_main.c:kvm_create_vm"});
    k.may_fail(Errno::mfile, {"no_descriptor", "kvm_main.c:kvm_dev_ioctl_create_vm"});
    k.may_fail(Errno::nfile, {"no_file", "kvm_main.c:kvm_dev_ioctl_create_vm"});
    k.set(vm.created, true);
  }
};

// ioctl(/dev/kvm or VM, KVM_CHECK_EXTENSION, cap). Only capabilities whose value the model
// depends on are judged; any other value is the implementation's own affair.
template <class D>
struct CheckExtension {
  static constexpr const char* name = "x86_check_extension";
  static constexpr const char* syntax = "ioctl(<system|vm>, KVM_CHECK_EXTENSION, cap)";
  static constexpr const char* source = "api.rst 4.4; x86.c:kvm_vm_ioctl_check_extension";
  static constexpr const char* constants = "cap=KVM_CAP_";
  Word<D, 32> cap{};
  static constexpr auto fields() { return members<&CheckExtension::cap>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    k.when(vm.created, [&] { gate<D>(k, vm); });
    const auto& host = vm.host;
    answer_extension<D>(k, cap, 10, zero_extend<64>(plain(host.slots_max)),
                        {"nr_memslots", "api.rst: KVM_CAP_NR_MEMSLOTS"});
    answer_extension<D>(k, cap, 66, zero_extend<64>(plain(host.vcpus_max)),
                        {"max_vcpus", "api.rst 4.7: KVM_CAP_MAX_VCPUS"});
    answer_extension<D>(k, cap, 128, zero_extend<64>(plain(host.vcpu_ids_max)),
                        {"max_vcpu_id", "api.rst 4.7: KVM_CAP_MAX_VCPU_ID"});
    if (k.is(Behaviour::vm_has_types))
      answer_extension<D>(k, cap, 235, zero_extend<64>(plain(host.vm_types)),
                          {"vm_types", "api.rst 4.2: KVM_CAP_VM_TYPES"});
    at_check_extension<D>(k, vm, cap);
  }
};

// ioctl(VM, KVM_CREATE_IRQCHIP): PICs, an I/O APIC, and a local APIC for each vCPU.
template <class D>
struct CreateIrqchip {
  static constexpr const char* name = "x86_create_irqchip";
  static constexpr const char* syntax = "ioctl(<vm>, KVM_CREATE_IRQCHIP)";
  static constexpr const char* source = "api.rst 4.24; x86.c:kvm_arch_vm_ioctl";
  static constexpr auto fields() { return members<>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::exist, vm.irqchip, {"irqchip_exists", "x86.c:kvm_arch_vm_ioctl"});
    k.reject(Errno::inval, vm.online != 0, {"vcpus_exist", "x86.c:kvm_arch_vm_ioctl"});
    k.may_fail(Errno::exist, {"irqchip_is_split", "x86.c: KVM_CAP_SPLIT_IRQCHIP came before"});
    k.may_fail(Errno::nomem, {"no_memory", "x86.c:kvm_arch_vm_ioctl"});
    k.set(vm.irqchip, true);
  }
};

// ioctl(VM, KVM_CREATE_VCPU, id).
template <class D>
struct CreateVcpu {
  static constexpr const char* name = "x86_create_vcpu";
  static constexpr const char* syntax = "ioctl(<vm>, KVM_CREATE_VCPU, id) = <new vcpu>";
  static constexpr const char* source = "api.rst 4.7; kvm_main.c:kvm_vm_ioctl_create_vcpu";
  Word<D, 32> id{};
  static constexpr auto fields() { return members<&CreateVcpu::id>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::inval, id >= zero_extend<32>(plain(vm.host.vcpu_ids_max)),
             {"id_beyond_max", "api.rst 4.7: KVM_CAP_MAX_VCPU_ID"});
    k.reject(Errno::inval, vm.online >= vm.host.vcpus_max,
             {"too_many_vcpus", "kvm_main.c: created_vcpus >= max_vcpus"});
    k.may_fail(Errno::inval, {"id_beyond_limit", "api.rst 7.31: KVM_CAP_MAX_VCPU_ID was lowered"});
    k.may_fail(Errno::nomem, {"no_memory", "kvm_main.c:kvm_vm_ioctl_create_vcpu"});
    k.reject(Errno::exist,
             any<D>(vm.vcpu,
                    [&](const auto& c) { return c.created && zero_extend<32>(plain(c.id)) == id; }),
             {"duplicate_id", "kvm_main.c:kvm_vm_ioctl_create_vcpu"});
    k.may_fail(Errno::mfile, {"no_descriptor", "kvm_main.c:create_vcpu_fd"});
    k.at(vm.vcpu, vm.online, [&](auto& cpu) {
      k.set(cpu.created, true);
      k.set(cpu.id, truncate<16>(id));
      after_vcpu_creation<D>(k, vm, cpu);
    });
    k.set(vm.online, vm.online + 1);
  }
};

}  // namespace assay::x86

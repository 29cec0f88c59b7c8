// System and VM life cycle: KVM_CREATE_VM, KVM_CHECK_EXTENSION, KVM_CREATE_VCPU,
// KVM_ARM_PREFERRED_TARGET (api.rst 4.2, 4.4, 4.5, 4.7, 4.83).
#pragma once
#include "spec/kvm/stages.hpp"

namespace assay {

// ioctl(/dev/kvm, KVM_CREATE_VM, type): `type` holds the IPA size in its low byte, 0 means 40.
template <class D>
struct CreateVm {
  static constexpr const char* name = "create_vm";
  static constexpr const char* syntax = "ioctl(<system>, KVM_CREATE_VM, type) = <new vm>";
  static constexpr const char* source = "api.rst 4.2; reset.c:kvm_arm_setup_stage2";
  static constexpr bool creates_the_system = true;
  Word<D, 64> type{};
  static constexpr auto fields() { return members<&CreateVm::type>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    const Word<D, 8> bits = field_bits<8>(type, 0);
    k.reject(Errno::inval, (type & ~Word<D, 64>(0xff)) != 0,
             {"unknown_type_bits", "api.rst 4.2; KVM_VM_TYPE_ARM_IPA_SIZE_MASK"});
    k.reject(Errno::inval, bits != 0 && bits > vm.host.ipa_bits_max,
             {"ipa_beyond_host", "api.rst 4.2: at most KVM_CAP_ARM_VM_IPA_SIZE"});
    k.reject(Errno::inval, bits != 0 && bits < 32,
             {"ipa_below_32", "api.rst 4.2: IPA size from 32 bits on"});
    k.reject(Errno::inval, bits == 0 && plain(vm.host.ipa_bits_max) < 40,
             {"default_ipa_beyond_host", "reset.c: the default of 40 bits exceeds the host"});
    k.may_fail(Errno::nomem, {"no_memory", "kvm_main.c:kvm_create_vm"});
    k.may_fail(Errno::mfile, {"no_descriptor", "kvm_main.c:kvm_dev_ioctl_create_vm"});
    k.may_fail(Errno::nfile, {"no_file", "kvm_main.c:kvm_dev_ioctl_create_vm"});
    run_stage<at_vm_creation<D>>(k, vm, NewVm{});
    k.set(vm.created, true);
    k.set(vm.ipa_bytes, ite(bits == 0, Num<D>(u64{1} << 40), power_of_two(bits)));
  }
};

// ioctl(/dev/kvm or VM, KVM_CHECK_EXTENSION, cap). Only capabilities whose value the model
// depends on are judged; any other value is the implementation's own affair.
template <class D>
struct CheckExtension {
  static constexpr const char* name = "check_extension";
  static constexpr const char* syntax = "ioctl(<system|vm>, KVM_CHECK_EXTENSION, cap)";
  static constexpr const char* source = "api.rst 4.4; arm.c:kvm_vm_ioctl_check_extension";
  static constexpr const char* constants = "cap=KVM_CAP_";
  Word<D, 32> cap{};
  static constexpr auto fields() { return members<&CheckExtension::cap>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    k.when(vm.created, [&] { gate<D>(k, vm); });
    auto flag = [](const Flag<D>& f) { return ite(f, Word<D, 64>(1), Word<D, 64>(0)); };
    const auto& host = vm.host;
    answer(k, 165, zero_extend<64>(plain(host.ipa_bits_max)),
           {"ipa_size", "api.rst 8: KVM_CAP_ARM_VM_IPA_SIZE"});
    answer(k, 10, zero_extend<64>(plain(host.slots_max)),
           {"nr_memslots", "api.rst: KVM_CAP_NR_MEMSLOTS"});
    answer(k, 126, flag(host.pmu_v3), {"pmu_v3", "vcpu.rst 1: KVM_CAP_ARM_PMU_V3"});
    answer(k, 170, flag(host.sve), {"sve", "api.rst: KVM_CAP_ARM_SVE"});
    answer(k, 171, flag(host.ptrauth), {"ptrauth_address", "api.rst: KVM_CAP_ARM_PTRAUTH_ADDRESS"});
    answer(k, 172, flag(host.ptrauth), {"ptrauth_generic", "api.rst: KVM_CAP_ARM_PTRAUTH_GENERIC"});
    answer(k, 93, flag(host.el1_32bit), {"el1_32bit", "api.rst: KVM_CAP_ARM_EL1_32BIT"});
    // A GICv2 lowers the VM's limit to 8 (vgic-init.c:kvm_vgic_create).
    const Word<D, 64> vcpus =
        ite(vm.gic.created && vm.gic.v2, Word<D, 64>(8), zero_extend<64>(plain(host.vcpus_max)));
    answer(k, 66, vcpus, {"max_vcpus", "api.rst 4.7: KVM_CAP_MAX_VCPUS"});
    answer(k, 128, vcpus, {"max_vcpu_id", "api.rst 4.7: KVM_CAP_MAX_VCPU_ID"});
    run_stage<at_check_extension<D>>(k, vm, Extension<D>{cap});
  }

 private:
  void answer(Step<D>& k, u64 number, const Word<D, 64>& value, const Why& why) const {
    k.when(cap == number, [&] { k.returns(value, why); });
  }
};

// ioctl(/dev/kvm, KVM_GET_VCPU_MMAP_SIZE, 0): how much of a vCPU's descriptor to map. That is two
// pages on arm64: struct kvm_run and the ring of coalesced MMIO.
template <class D>
struct GetVcpuMmapSize {
  static constexpr const char* name = "get_vcpu_mmap_size";
  static constexpr const char* syntax = "ioctl(<system>, KVM_GET_VCPU_MMAP_SIZE, argument)";
  static constexpr const char* source = "api.rst 4.5; kvm_main.c:kvm_dev_ioctl";
  Word<D, 64> argument{};
  static constexpr auto fields() { return members<&GetVcpuMmapSize::argument>; }

  void apply(Step<D>& k, Vm<D>&) const {
    k.reject(Errno::inval, argument != 0, {"argument_not_zero", "kvm_main.c:kvm_dev_ioctl"});
    // The documentation says what the number is for, not which it is.
    if (!k.is(Behaviour::documented_alternatives))
      k.returns(Word<D, 64>(2 * page_bytes), {"mmap_size", "kvm_main.c:kvm_dev_ioctl; KVM_MMIO"});
  }
};

// ioctl(VM, KVM_CREATE_VCPU, id).
template <class D>
struct CreateVcpu {
  static constexpr const char* name = "create_vcpu";
  static constexpr const char* syntax = "ioctl(<vm>, KVM_CREATE_VCPU, id) = <new vcpu>";
  static constexpr const char* source = "api.rst 4.7; kvm_main.c:kvm_vm_ioctl_create_vcpu";
  Word<D, 32> id{};
  static constexpr auto fields() { return members<&CreateVcpu::id>; }

  void apply(Step<D>& k, Vm<D>& vm) const {
    Word<D, 16> limit = plain(vm.host.vcpus_max);
    Flag<D> takes_frame = false;
    const NewVcpu<D> made{limit, takes_frame};
    gate<D>(k, vm);
    run_stage<limits_of_vcpus<D>>(k, vm, made);
    k.reject(Errno::inval, id >= 512, {"id_beyond_max", "api.rst 4.7: KVM_MAX_VCPU_IDS"});
    k.reject(Errno::inval, vm.online >= limit,
             {"too_many_vcpus", "kvm_main.c: created_vcpus >= max_vcpus"});
    run_stage<before_vcpu_creation<D>>(k, vm, made);
    k.reject(Errno::inval, id >= zero_extend<32>(limit),
             {"id_beyond_vm", "arm.c:kvm_arch_vcpu_precreate"});
    k.may_fail(Errno::nomem, {"no_memory", "kvm_main.c:kvm_vm_ioctl_create_vcpu"});
    run_stage<at_vcpu_creation<D>>(k, vm, made);
    k.reject(Errno::exist,
             any<D>(vm.vcpu,
                    [&](const auto& c) { return c.created && zero_extend<32>(plain(c.id)) == id; }),
             {"duplicate_id", "kvm_main.c:kvm_vm_ioctl_create_vcpu"});
    k.may_fail(Errno::mfile, {"no_descriptor", "kvm_main.c:create_vcpu_fd"});
    k.at(vm.vcpu, vm.online, [&](auto& cpu) {
      k.set(cpu.created, true);
      k.set(cpu.id, truncate<16>(id));
      run_stage<after_vcpu_creation<D>>(k, vm, CreatedVcpu<D>{cpu, takes_frame});
    });
    k.set(vm.online, vm.online + 1);
  }
};

// ioctl(VM, KVM_ARM_PREFERRED_TARGET, {target, features}).
template <class D>
struct PreferredTarget {
  static constexpr const char* name = "preferred_target";
  static constexpr const char* syntax =
      "ioctl(<vm>, KVM_ARM_PREFERRED_TARGET, unreadable:{target=target, features=[features]})";
  static constexpr const char* source = "api.rst 4.83; arm.c:kvm_arch_vm_ioctl";
  Flag<D> unreadable{};
  Word<D, 32> target{};  // answered by the kernel
  std::array<Word<D, 32>, 7> features{};
  static constexpr unsigned answers = 8;  // the last 8 values are the kernel's answer
  static constexpr auto fields() {
    return members<&PreferredTarget::unreadable, &PreferredTarget::target,
                   &PreferredTarget::features>;
  }

  void apply(Step<D>& k, Vm<D>& vm) const {
    gate<D>(k, vm);
    k.reject(Errno::fault, unreadable, {"copy_out", "arm.c: copy_to_user"});
    k.require(target == vm.host.target,
              {"target_is_the_hosts", "guest.c:kvm_vcpu_preferred_target"});
    Flag<D> clear = true;
    for (const auto& word : features) clear = clear && word == 0;
    k.require(clear, {"features_are_cleared", "guest.c:kvm_vcpu_preferred_target"});
  }
};

}  // namespace assay

// KVM_GET_ONE_REG, KVM_SET_ONE_REG and KVM_GET_REG_LIST (api.rst 4.68, 4.69, 4.84).
#pragma once
#include "spec/kvm/registers/access.hpp"

namespace assay {

// KVM_GET_ONE_REG.
template <class D>
struct GetRegister {
  static constexpr const char* name = "get_register";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_GET_ONE_REG, {id=id, addr=unreadable:[value, ...]})";
  static constexpr const char* source = "api.rst 4.69; guest.c:kvm_arm_get_reg";
  static constexpr const char* constants = "id=KVM_REG_";
  static bool applies(const Profile& p) { return has_register_rules(p); }
  VcpuId vcpu{};
  Word<D, 64> id = Word<D, 64>(register_untold);
  Flag<D> unreadable{};
  Word<D, 64> value{};
  static constexpr unsigned answers = 1;
  static constexpr auto fields() {
    return members<&GetRegister::vcpu, &GetRegister::id, &GetRegister::unreadable,
                   &GetRegister::value>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Vcpu<D>& cpu = vm.vcpu[vcpu.index];
    const OneRegister<D> r{id};
    const Flag<D> is_told = r.is_told();
    const bool is_loose = k.is(Behaviour::documented_alternatives);
    registers_gate<D>(k, vm, vcpu);
    any_register_may_refuse<D>(k, is_told, {"copy_of_untold", "guest.c: copy_to_user"});
    k.when(is_told, [&] {
      k.reject(Errno::inval, !r.is_of_arm64(), {"not_of_arm64", "guest.c:kvm_arm_get_reg"});
      core_register_is_there<D>(k, vm, cpu, r);
      sve_register_is_there<D>(k, vm, cpu, r);
      FoundRegister<D> found;
      if (!is_loose) {
        k.when(is_firmware(r), [&] {
          k.reject(Errno::noent, !is_firmware_register<D>(k, r),
                   {"no_firmware_register", "hypercalls.c:kvm_arm_get_fw_reg"});
        });
        cache_is_there<D>(k, r);
        k.when(r.is_system(), [&] { found = find_register<D>(k, vm, cpu, r.low()); });
        system_register_is_there<D>(k, r, found);
      }
      k.reject(Errno::fault, unreadable, {"copy_out", "guest.c: copy_to_user"});
      firmware_is_as_kept<D>(k, vm, cpu, id, value);
      if (!is_loose)
        k.when(r.is_system() && found.is_zero, [&] {
          k.require(value == 0, {"reads_as_zero", "sys_regs.c:get_id_reg"});
        });
    });
  }
};

// KVM_SET_ONE_REG.
template <class D>
struct SetRegister {
  static constexpr const char* name = "set_register";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_ONE_REG, {id=id, addr=unreadable:[value, ...]})";
  static constexpr const char* source = "api.rst 4.68; guest.c:kvm_arm_set_reg";
  static constexpr const char* constants = "id=KVM_REG_";
  static bool applies(const Profile& p) { return has_register_rules(p); }
  VcpuId vcpu{};
  Word<D, 64> id = Word<D, 64>(register_untold);
  Flag<D> unreadable{};
  Word<D, 64> value{};
  static constexpr auto fields() {
    return members<&SetRegister::vcpu, &SetRegister::id, &SetRegister::unreadable,
                   &SetRegister::value>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Vcpu<D>& cpu = vm.vcpu[vcpu.index];
    const OneRegister<D> r{id};
    const Flag<D> is_told = r.is_told();
    const bool is_loose = k.is(Behaviour::documented_alternatives);
    registers_gate<D>(k, vm, vcpu);
    any_register_may_refuse<D>(k, is_told, {"copy_of_untold", "guest.c: copy_from_user"});
    k.when(!is_told, [&] { k.set(vm.registers.untold, true); });
    k.when(is_told, [&] {
      k.reject(Errno::inval, !r.is_of_arm64(), {"not_of_arm64", "guest.c:kvm_arm_set_reg"});
      core_register_is_there<D>(k, vm, cpu, r);
      sve_register_is_there<D>(k, vm, cpu, r);
      if (!is_loose) {
        k.when(is_firmware(r), [&] {
          k.reject(Errno::noent, r.log2_of_size() != 3,
                   {"firmware_of_another_size", "hypercalls.c:kvm_arm_set_fw_reg"});
        });
        cache_is_there<D>(k, r);
      }
      k.reject(Errno::fault, unreadable, {"copy_in", "guest.c: copy_from_user"});
      if (!is_loose) take_strictly(k, vm, cpu, r);
      else set_firmware<D>(k, vm, cpu, id, value);
      k.when(id == reg_mpidr, [&] { note_affinity<D>(k, vm, cpu, value); });
      k.when(id == reg_pstate, [&] { pstate_fits<D>(k, vm, cpu, value); });
    });
  }

 private:
  void take_strictly(Step<D>& k, Vm<D>& vm, const Vcpu<D>& cpu, const OneRegister<D>& r) const {
    k.when(r.id == reg_sve_vls, [&] {  // its value has a rule of its own
      k.may_fail(Errno::inval, {"lengths_of_another_host", "guest.c:set_sve_vls"});
      k.set(vm.registers.untold, true);
    });
    k.when(is_firmware(r), [&] {
      k.reject(Errno::noent, !is_firmware_register<D>(k, r),
               {"no_firmware_register", "hypercalls.c:kvm_arm_set_fw_reg"});
    });
    set_firmware<D>(k, vm, cpu, r.id, value);
    k.when(r.is_in(RegisterSpace::demux), [&] {
      k.may_fail(Errno::inval, {"cache_of_another_size", "sys_regs.c:demux_c15_set"});
      if (k.is(Behaviour::features_belong_to_vm))
        k.may_fail(Errno::nomem, {"no_memory", "sys_regs.c:set_ccsidr"});
    });
    FoundRegister<D> found;
    k.when(r.is_system(), [&] { found = find_register<D>(k, vm, cpu, r.low()); });
    system_register_is_there<D>(k, r, found);
    k.when(r.is_system(), [&] { system_register_takes<D>(k, vm, found, value); });
  }
};

// KVM_GET_ONE_REG of KVM_REG_ARM64_SVE_VLS: bit n of the words is the length of n + 1 quadwords.
template <class D>
struct GetVectorLengths {
  static constexpr const char* name = "get_vector_lengths";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_GET_ONE_REG, {id=KVM_REG_ARM64_SVE_VLS, addr=unreadable:[lengths]})";
  static constexpr const char* source = "api.rst 4.69; guest.c:get_sve_vls";
  static bool applies(const Profile& p) { return has_register_rules(p); }
  VcpuId vcpu{};
  Flag<D> unreadable{};
  std::array<Word<D, 64>, 8> lengths{};
  static constexpr unsigned answers = 8;
  static constexpr auto fields() {
    return members<&GetVectorLengths::vcpu, &GetVectorLengths::unreadable,
                   &GetVectorLengths::lengths>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Vcpu<D>& cpu = vm.vcpu[vcpu.index];
    registers_gate<D>(k, vm, vcpu);
    if (k.is(Behaviour::documented_alternatives)) may_refuse<D>(k);
    vector_lengths_are_there<D>(k, vm, cpu, false);
    k.reject(Errno::fault, unreadable, {"copy_lengths_out", "guest.c: copy_to_user"});
    const Word<D, 64> kept = zero_extend<64>(plain(cpu.registers.vector_lengths));
    k.require(bit(lengths[0], 0),
              {"shortest_length_is_there", "api.rst 4.68; guest.c:get_sve_vls"});
    k.when(!vm.registers.untold && kept != 0, [&] {
      k.require(lengths[0] == kept, {"lengths_as_set", "api.rst 4.68: KVM_REG_ARM64_SVE_VLS"});
    });
  }
};

// KVM_SET_ONE_REG of KVM_REG_ARM64_SVE_VLS: exactly those that the host has, up to the longest
// asked for. An architecture with SVE has the shortest, and none beyond 16 quadwords.
template <class D>
struct SetVectorLengths {
  static constexpr const char* name = "set_vector_lengths";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_ONE_REG, {id=KVM_REG_ARM64_SVE_VLS, addr=unreadable:[lengths]})";
  static constexpr const char* source = "api.rst 4.68; guest.c:set_sve_vls";
  static bool applies(const Profile& p) { return has_register_rules(p); }
  VcpuId vcpu{};
  Flag<D> unreadable{};
  std::array<Word<D, 64>, 8> lengths{};
  static constexpr auto fields() {
    return members<&SetVectorLengths::vcpu, &SetVectorLengths::unreadable,
                   &SetVectorLengths::lengths>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    Vcpu<D>& cpu = vm.vcpu[vcpu.index];
    registers_gate<D>(k, vm, vcpu);
    if (k.is(Behaviour::documented_alternatives)) may_refuse<D>(k);
    vector_lengths_are_there<D>(k, vm, cpu, true);
    k.reject(Errno::fault, unreadable, {"copy_lengths_in", "guest.c: copy_from_user"});
    Flag<D> is_too_long = lengths[0] > 0xffff;
    for (unsigned i = 1; i < 8; ++i) is_too_long = is_too_long || lengths[i] != 0;
    k.reject(Errno::inval, is_too_long, {"too_long", "guest.c:set_sve_vls; kvm_sve_max_vl"});
    k.reject(Errno::inval, !bit(lengths[0], 0), {"shortest_missing", "guest.c:set_sve_vls"});
    k.may_fail(Errno::inval, {"lengths_of_another_host", "guest.c:set_sve_vls"});
    k.set(cpu.registers.vector_lengths, truncate<16>(lengths[0]));
  }
};

// KVM_GET_REG_LIST: room for `n` ids before the call, and how many there are after it.
template <class D>
struct GetRegisterList {
  static constexpr const char* name = "get_register_list";
  static constexpr const char* syntax = "ioctl(<vcpu>, KVM_GET_REG_LIST, unreadable:{n=n})";
  static constexpr const char* source = "api.rst 4.84; arm.c:kvm_arch_vcpu_ioctl";
  static bool applies(const Profile& p) { return has_register_rules(p); }
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Word<D, 64> n = Word<D, 64>(~u64{0});  // all ones = not told
  static constexpr auto fields() {
    return members<&GetRegisterList::vcpu, &GetRegisterList::unreadable, &GetRegisterList::n>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Vcpu<D>& cpu = vm.vcpu[vcpu.index];
    registers_gate<D>(k, vm, vcpu);
    k.reject(Errno::perm, has_sve<D>(k, vm, cpu) && !cpu.sve_finalized,
             {"sve_not_finalized", "api.rst 4.119: EPERM; arm.c:kvm_arch_vcpu_ioctl"});
    k.reject(Errno::fault, unreadable, {"copy_in", "arm.c: copy_from_user"});
    k.when(n == ~u64{0}, [&] {
      k.may_fail(Errno::fault, {"copy_of_untold", "arm.c: copy_from_user"});
    });
    // Beyond these, how many there are depends on what hardware has.
    const u64 least = k.is(Behaviour::documented_alternatives) ? 1 : least_of(k);
    k.reject(Errno::toobig, n < least, {"list_is_longer", "api.rst 4.84: E2BIG"});
    k.may_fail(Errno::toobig, {"list_is_longer_still", "api.rst 4.84: E2BIG"});
  }

 private:
  // Of a vCPU without optional features: 43 core registers that every vCPU has, those of the
  // firmware, and the system registers that all have.
  static u64 least_of(const Step<D>& k) {
    if (!k.is(Behaviour::features_belong_to_vm)) return 43 + 4 + 3 + 157;
    return k.is(Behaviour::later_registers) ? 43 + 4 + 4 + 160 + 14 : 43 + 4 + 3 + 163 + 14;
  }
};

}  // namespace assay

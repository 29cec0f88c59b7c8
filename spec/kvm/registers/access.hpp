// What KVM_GET_ONE_REG and KVM_SET_ONE_REG ask of the register named, space by space, in the order
// of the kernel (guest.c:kvm_arm_get_reg, kvm_arm_set_reg).
#pragma once
#include "spec/kvm/registers/register_id.hpp"
#include "spec/kvm/registers/system_registers.hpp"
#include "spec/kvm/vcpu/affinity.hpp"

namespace assay {

// The profiles whose kernels answer so; the SPE series' are rules of their own.
inline bool has_register_rules(const Profile& p) { return !p.is(Behaviour::spe_series); }

// What every one of these calls asks first.
template <class D>
void registers_gate(Step<D>& k, const Vm<D>& vm, VcpuId v) {
  gate<D>(k, vm);
  k.reject(Errno::noexec, !is_initialized<D>(vm.vcpu[v.index]),
           {"not_initialized", "api.rst 4.68: ENOEXEC; arm.c:kvm_arch_vcpu_ioctl"});
}

// Where the text names the errors and does not say when: any of them, for any register.
template <class D>
void may_refuse(Step<D>& k) {
  k.may_fail(Errno::noent, {"no_such_register", "api.rst 4.68: ENOENT"});
  k.may_fail(Errno::inval, {"bad_register_value", "api.rst 4.68: EINVAL"});
  k.may_fail(Errno::perm, {"register_not_finalized", "api.rst 4.68: EPERM"});
  k.may_fail(Errno::busy, {"register_is_fixed", "api.rst 4.68: EBUSY"});
}

// The same where the trace hides which register it is; its value may then be unreadable, too.
template <class D>
void any_register_may_refuse(Step<D>& k, const Flag<D>& is_told, const Why& copy) {
  if (k.is(Behaviour::documented_alternatives)) may_refuse<D>(k);
  else k.when(!is_told, [&] { may_refuse<D>(k); });
  k.when(!is_told, [&] { k.may_fail(Errno::fault, copy); });
}

// The vCPU has the vector-length register; it may be written until SVE is finalised.
template <class D>
void vector_lengths_are_there(Step<D>& k, const Vm<D>& vm, const Vcpu<D>& cpu, bool writes) {
  k.reject(Errno::noent, !has_sve<D>(k, vm, cpu),
           {"vls_without_sve", "guest.c:get_sve_vls, set_sve_vls"});
  if (writes)
    k.reject(Errno::perm, cpu.sve_finalized,
             {"vls_after_finalize", "api.rst 4.68: EPERM; guest.c:set_sve_vls"});
}

template <class D>
void core_register_is_there(Step<D>& k, const Vm<D>& vm, const Vcpu<D>& cpu,
                            const OneRegister<D>& r) {
  k.when(r.is_in(RegisterSpace::core), [&] {
    k.reject(Errno::noent, r.is_beyond_core(),
             {"beyond_core", "guest.c:get_core_reg, set_core_reg; kvm_regs"});
    k.reject(Errno::inval, !r.is_core(),
             {"not_a_core_register", "guest.c:core_reg_size_from_offset"});
    k.reject(Errno::inval, r.is_vector() && has_sve<D>(k, vm, cpu),
             {"vector_register_with_sve", "api.rst 4.68; guest.c:core_reg_size_from_offset"});
  });
}

template <class D>
void sve_register_is_there(Step<D>& k, const Vm<D>& vm, const Vcpu<D>& cpu,
                           const OneRegister<D>& r) {
  k.when(r.is_in(RegisterSpace::sve), [&] {
    const Flag<D> is_vls = r.id == reg_sve_vls;
    k.when(is_vls, [&] { may_refuse<D>(k); });  // which has rules of its own
    k.when(!is_vls, [&] {
      const Flag<D> is_z = r.id >= reg_sve_z && r.id <= reg_sve_z_last;
      const Flag<D> is_p = r.id >= reg_sve_p && r.id <= reg_sve_p_last;
      k.reject(Errno::inval, !is_z && !is_p, {"not_an_sve_register", "guest.c:sve_reg_to_region"});
      k.reject(Errno::noent, !has_sve<D>(k, vm, cpu) || field_bits<5>(r.id, 0) != 0,
               {"no_sve_or_slice", "guest.c:sve_reg_to_region"});
      k.reject(Errno::perm, !cpu.sve_finalized,
               {"sve_not_finalized", "api.rst 4.68: EPERM; guest.c:get_sve_reg, set_sve_reg"});
    });
  });
}

template <class D>
Flag<D> is_firmware(const OneRegister<D>& r) {
  return r.is_in(RegisterSpace::firmware) || r.is_in(RegisterSpace::firmware_bitmaps);
}
template <class D>
Flag<D> is_firmware_register(const Step<D>& k, const OneRegister<D>& r) {
  const u64 last = k.is(Behaviour::later_registers) ? reg_vendor_hyp_bmap_2 : reg_vendor_hyp_bmap;
  return (r.id >= reg_psci_version && r.id <= reg_workaround_3) ||
         (r.id >= reg_std_bmap && r.id <= last);
}

// Which cache's size is meant: a level and a type that may be chosen by CSSELR_EL1. Before 6.3 the
// host must have that cache.
template <class D>
void cache_is_there(Step<D>& k, const OneRegister<D>& r) {
  k.when(r.is_in(RegisterSpace::demux), [&] {
    constexpr u64 caches_max = 14;  // CSSELR_MAX
    k.reject(Errno::noent, r.has_unused_bits() || r.log2_of_size() != 2 || r.low() >= caches_max,
             {"no_such_cache", "sys_regs.c:demux_c15_get, demux_c15_set"});
    if (!k.is(Behaviour::features_belong_to_vm))
      k.may_fail(Errno::noent, {"host_lacks_cache", "sys_regs.c:is_valid_cache"});
  });
}

// All that is in none of the spaces above is looked for among the system registers.
template <class D>
Flag<D> is_elsewhere(const OneRegister<D>& r) {
  return !r.is_in(RegisterSpace::core) && !r.is_in(RegisterSpace::sve) &&
         !r.is_in(RegisterSpace::demux) && !is_firmware(r);
}
template <class D>
void system_register_is_there(Step<D>& k, const OneRegister<D>& r, const FoundRegister<D>& found) {
  k.when(is_elsewhere(r), [&] {
    k.reject(Errno::noent, !r.is_system() || (!found.is_there && !found.may_be),
             {"no_system_register", "sys_regs.c:id_to_sys_reg_desc"});
    k.when(!found.is_there, [&] {
      k.may_fail(Errno::noent, {"hardware_lacks_register", "sys_regs.c:id_to_sys_reg_desc"});
    });
  });
}

// --- values
// -------------------------------------------------------------------------------------

// What a bitmap register is in a new VM, and which bits it may have.
struct BitmapRegister {
  u64 id, bits, initially;
};
inline constexpr std::array bitmap_registers{
    BitmapRegister{reg_std_bmap, 1, 1},
    BitmapRegister{reg_std_hyp_bmap, 1, 1},
    BitmapRegister{reg_vendor_hyp_bmap, 3, 3},
    BitmapRegister{reg_vendor_hyp_bmap_2, 3, 0},
};
// Calls f(register, where the VM keeps it).
template <class D, class F>
void each_bitmap(RegistersVm<D>& kept, F&& f) {
  f(bitmap_registers[0], kept.standard);
  f(bitmap_registers[1], kept.standard_hyp);
  f(bitmap_registers[2], kept.vendor_hyp);
  f(bitmap_registers[3], kept.vendor_hyp_2);
}

inline constexpr u64 psci_0_1 = 1, psci_0_2 = 2, psci_1_0 = 0x10000;
template <class D>
u64 latest_psci(const Step<D>& k) {
  return k.is(Behaviour::later_registers) ? psci_1_0 + 3 : psci_1_0 + 1;
}

// What KVM_GET_ONE_REG tells of a firmware register. A register that was set by a call of which the
// trace hides the register may be anything.
template <class D>
void firmware_is_as_kept(Step<D>& k, Vm<D>& vm, const Vcpu<D>& cpu, const Word<D, 64>& id,
                         const Word<D, 64>& value) {
  RegistersVm<D>& kept = vm.registers;
  const bool is_loose = k.is(Behaviour::documented_alternatives);
  Flag<D> knows_psci = !kept.untold;
  if (is_loose) knows_psci = knows_psci && kept.psci != 0;
  const Word<D, 32> set = plain(kept.psci);
  const Word<D, 32> of_0_2 = ite(set == 0, Word<D, 32>(latest_psci(k)), set);
  const Word<D, 32> version =
      ite(has(k, vm, cpu, Feature::psci_0_2), of_0_2, Word<D, 32>(psci_0_1));
  k.when(id == reg_psci_version && knows_psci, [&] {
    k.require(value == zero_extend<64>(version),
              {"psci_version_as_set", "psci.rst KVM_REG_ARM_PSCI_VERSION; kvm_psci_version"});
  });
  if (is_loose) return;
  each_bitmap<D>(kept, [&](const BitmapRegister& r, const auto& cell) {
    const Word<D, 2> now = plain(cell) ^ Word<D, 2>(r.initially);
    k.when(id == r.id && !kept.untold, [&] {
      k.require(value == zero_extend<64>(now),
                {"bitmap_as_set", "hypercalls.rst; kvm_arm_get_fw_reg"});
    });
  });
}

// KVM_SET_ONE_REG of a firmware register.
template <class D>
void set_psci_version(Step<D>& k, Vm<D>& vm, const Vcpu<D>& cpu, const Word<D, 64>& value) {
  const Flag<D> wants_0_2 = has(k, vm, cpu, Feature::psci_0_2);
  const Flag<D> is_later = value == psci_0_2 || (value >= psci_1_0 && value <= latest_psci(k));
  if (!k.is(Behaviour::documented_alternatives))
    k.reject(Errno::inval, value != psci_0_1 && !is_later,
             {"unknown_psci_version", "psci.rst: EINVAL; hypercalls.c:kvm_arm_set_fw_reg"});
  k.reject(Errno::inval, (value == psci_0_1 && wants_0_2) || (is_later && !wants_0_2),
           {"psci_feature_differs", "hypercalls.c:kvm_arm_set_fw_reg; KVM_ARM_VCPU_PSCI_0_2"});
  k.set(vm.registers.psci, truncate<32>(value));
}
// The level of a workaround: none, as good as the host's, or not required.
template <class D>
void set_workaround(Step<D>& k, const Word<D, 64>& id, const Word<D, 64>& value) {
  k.when(id != reg_workaround_2, [&] {
    k.reject(Errno::inval, value > 2,
             {"unknown_workaround_level", "psci.rst; hypercalls.c:kvm_arm_set_fw_reg"});
    k.when(value != 0, [&] {
      k.may_fail(Errno::inval, {"workaround_above_host", "hypercalls.c:get_kernel_wa_level"});
    });
  });
  k.when(id == reg_workaround_2, [&] {
    const Word<D, 4> level = field_bits<4>(value, 0);
    constexpr u64 available = 2;  // of the four levels
    k.reject(Errno::inval, value > 0x1f || level > 3 || (bit(value, 4) && level != available),
             {"unknown_workaround_2", "psci.rst; hypercalls.c:kvm_arm_set_fw_reg"});
    k.when(level >= available, [&] {
      k.may_fail(Errno::inval, {"workaround_2_above_host", "hypercalls.c:get_kernel_wa_level"});
    });
  });
}
template <class D>
void set_firmware(Step<D>& k, Vm<D>& vm, const Vcpu<D>& cpu, const Word<D, 64>& id,
                  const Word<D, 64>& value) {
  k.when(id == reg_psci_version, [&] { set_psci_version<D>(k, vm, cpu, value); });
  k.when(id >= reg_workaround_1 && id <= reg_workaround_3,
         [&] { set_workaround<D>(k, id, value); });
  if (k.is(Behaviour::documented_alternatives)) return;
  each_bitmap<D>(vm.registers, [&](const BitmapRegister& r, auto& cell) {
    k.when(id == r.id, [&] {
      k.reject(Errno::inval, (value & ~Word<D, 64>(r.bits)) != 0,
               {"unknown_bit_of_bitmap", "hypercalls.rst: EINVAL; kvm_arm_set_fw_reg_bmap"});
      const Word<D, 2> differs = truncate<2>(value) ^ Word<D, 2>(r.initially);
      k.reject(Errno::busy, vm.has_ran_once && !vm.registers.untold && plain(cell) != differs,
               {"bitmap_after_run", "hypercalls.rst: EBUSY; kvm_arm_set_fw_reg_bmap"});
      k.set(cell, differs);
    });
  });
}

// MPIDR_EL1 holds the affinity by which others find the vCPU; a reset makes it of the id.
template <class D>
void note_affinity(Step<D>& k, Vm<D>& vm, const Vcpu<D>& cpu, const Word<D, 64>& value) {
  const Flag<D> is_of_id = is_affinity_of_id<D>(field_bits<16>(value, 0), cpu) &&
                           field_bits<8>(value, 16) == 0 && field_bits<8>(value, 32) == 0;
  k.when(!is_of_id, [&] { k.set(vm.registers.affinity_written, true); });
}

// A mode that the vCPU's register width does not have.
template <class D>
void pstate_fits(Step<D>& k, const Vm<D>& vm, const Vcpu<D>& cpu, const Word<D, 64>& value) {
  Flag<D> is_32bit = vm.is_32bit;
  if (k.is(Behaviour::features_belong_to_vm)) is_32bit = has(k, vm, cpu, Feature::el1_32bit);
  const Word<D, 5> mode = field_bits<5>(value, 0);
  const Flag<D> is_user32 = mode == 0x10;
  const Flag<D> is_mode32 =
      mode == 0x11 || mode == 0x12 || mode == 0x13 || mode == 0x17 || mode == 0x1b || mode == 0x1f;
  const Flag<D> is_mode64 = mode == 0 || mode == 4 || mode == 5;
  Flag<D> is_el2 = false;
  if (k.is(Behaviour::features_belong_to_vm))
    is_el2 = (mode == 8 || mode == 9) && has(k, vm, cpu, Feature::has_el2);
  k.reject(Errno::inval,
           !is_user32 && !(is_mode32 && is_32bit) && !((is_mode64 || is_el2) && !is_32bit),
           {"mode_of_another_width", "guest.c:set_core_reg"});
  k.when(is_user32 && !vm.host.el1_32bit, [&] {
    k.may_fail(Errno::inval, {"no_32bit_el0", "guest.c:set_core_reg; kvm_supports_32bit_el0"});
  });
}

// KVM_SET_ONE_REG of a system register that is there.
template <class D>
void system_register_takes(Step<D>& k, const Vm<D>& vm, const FoundRegister<D>& found,
                           const Word<D, 64>& value) {
  const bool freezes = k.is(Behaviour::id_registers_writable);
  const Flag<D> frozen = vm.has_ran_once;
  if (freezes)
    k.reject(Errno::busy, found.is_zero && frozen && value != 0,
             {"zero_after_run", "sys_regs.c:set_id_reg"});
  k.reject(Errno::inval, found.is_zero && value != 0, {"not_zero", "sys_regs.c:set_id_reg"});
  k.when(found.is_id || found.is_checked, [&] {
    k.may_fail(Errno::inval,
               {"value_of_another_cpu", "sys_regs.c:set_id_reg, set_invariant_sys_reg"});
  });
  if (freezes)
    k.when(found.is_id && frozen, [&] {
      k.may_fail(Errno::busy, {"id_after_run", "sys_regs.c:set_id_reg"});
    });
}

}  // namespace assay

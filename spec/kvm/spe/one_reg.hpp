// The guest's SPE registers as userspace sees them: KVM_GET_ONE_REG and KVM_SET_ONE_REG, which a
// migration saves and restores them by (SPE-4.8, SPE-4.12; api.rst 4.68, 4.69).
#pragma once
#include "spec/kvm/registers/access.hpp"
#include "spec/kvm/spe/switch.hpp"
#include "spec/kvm/vcpu/run.hpp"

namespace assay {

// KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG of an encoding (uapi/asm/kvm.h).
constexpr u64 one_reg_id(const SysregEncoding& e) {
  return 0x6030000000130000 | u64{e.op0} << 14 | u64{e.op1} << 11 | u64{e.crn} << 7 |
         u64{e.crm} << 3 | e.op2;
}
template <class Register>
inline constexpr u64 one_reg = one_reg_id(Register::id.encoding);
inline constexpr u64 reg_id_aa64dfr0_el1 = one_reg_id({3, 0, 0, 5, 0});

// The registers of SPE that EL1 has.
template <class D>
Flag<D> is_spe_register(const Word<D, 64>& id) {
  Flag<D> some = false;
  for (const Sysreg& r : spe_sysregs)
    if (r.encoding.op1 == 0) some = some || id == one_reg_id(r.encoding);
  return some;
}

// What KVM_GET_ONE_REG of a register that KVM keeps must tell; anything of another one. Bits that
// are RES0 are not judged.
template <class D>
Flag<D> is_as_kept(const SpeRegisters<D>& r, const Word<D, 64>& id, const Word<D, 64>& value) {
  Flag<D> same = true;
  const auto look = [&]<class Register>(Register) {
    same = same && (id != one_reg<Register> || is_kept_value<D, Register>(r, value));
  };
  each_kept_register(look);
  look(Pmbptr{});
  look(Pmblimitr{});
  return same;
}
// What KVM_SET_ONE_REG of one of them stores.
template <class D>
void keep_value(Step<D>& k, SpeRegisters<D>& r, const Word<D, 64>& id, const Word<D, 64>& value) {
  each_kept_register([&]<class Register>(Register) {
    k.when(id == one_reg<Register>, [&] {
      constexpr u64 mask = u64{1} << static_cast<unsigned>(Register::number);
      k.set(r.sampling.unknown, r.sampling.unknown & ~Word<D, 16>(mask));
      keep_value<D, Register>(k, r, value);
    });
  });
}

// Some PE has at least this PMSVer, as far as the host is known.
template <class D>
Flag<D> some_pe_has(const Vm<D>& vm, const Word<D, 4>& version) {
  const Word<D, 8> least = zero_extend<8>(version);
  return any<D>(vm.host.pe,
                [&](const auto& pe) { return pe.spe == 0 || (pe.spe != 0xff && least <= pe.spe); });
}

// What all of these calls ask first; the register named is one of SPE.
template <class D>
void one_reg_gate(Step<D>& k, Vm<D>& vm, VcpuId v, const Flag<D>& of_spe) {
  const Vcpu<D>& self = vm.vcpu[v.index];
  registers_gate<D>(k, vm, v);
  k.reject(Errno::noent, of_spe && !has_spe_feature<D>(self),
           {"register_is_hidden", "v4-37: ENOENT without the feature; V13"});
  k.require(is_out_of_guest<D>(vm, v) && !self.spe.event_pending,
            {"not_during_run", "kvm_main.c:kvm_vcpu_ioctl: KVM_RUN holds the vCPU's mutex"});
}

// KVM_GET_ONE_REG.
template <class D>
struct SpeGetReg {
  static constexpr const char* name = "get_one_reg";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_GET_ONE_REG, {id=id, addr=unreadable:[value]})";
  static constexpr const char* source = "api.rst 4.69; v4-18, v4-37; SPE-4.12";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Word<D, 64> id{};
  Flag<D> unreadable{};
  Word<D, 64> value{};
  static constexpr unsigned answers = 1;
  static constexpr auto fields() {
    return members<&SpeGetReg::vcpu, &SpeGetReg::id, &SpeGetReg::unreadable, &SpeGetReg::value>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Vcpu<D>& self = vm.vcpu[vcpu.index];
    const SpeRegisters<D>& r = self.spe.regs;
    const Flag<D> of_spe = is_spe_register<D>(id);
    one_reg_gate<D>(k, vm, vcpu, of_spe);
    k.when(!of_spe, [&] { may_refuse<D>(k); });
    k.reject(Errno::fault, unreadable, {"copy_out", "guest.c: copy_to_user"});
    const Word<D, 4> version = field_bits<4>(value, 32);
    const Flag<D> capped = has_spe_feature<D>(self) && version <= 2;
    k.require(id != reg_id_aa64dfr0_el1 || capped || version == 0,
              {"version_is_capped", "v4-18: PMSVer at most 2, and 0 without SPE; V12"});
    k.require(id != reg_id_aa64dfr0_el1 || version == 0 || some_pe_has<D>(vm, version),
              {"version_is_of_the_host", "v4-18: what the host has, and at most 2; SPE-1.4"});
    k.require(id != one_reg<Pmbsr> || is_kept_value<D, Pmbsr>(r, value),
              {"status_as_kept", "v4-34; SPE-4.12"});
    k.require(is_as_kept<D>(r, id, value), {"register_as_kept", "v4-37; SPE-4.12"});
  }
};

// KVM_SET_ONE_REG of a register that is not described below.
template <class D>
struct SpeSetReg {
  static constexpr const char* name = "set_one_reg";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_ONE_REG, {id=id, addr=unreadable:[value]})";
  static constexpr const char* source = "api.rst 4.68; v4-37; SPE-4.12";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Word<D, 64> id{};
  Flag<D> unreadable{};
  Word<D, 64> value{};
  static constexpr auto fields() {
    return members<&SpeSetReg::vcpu, &SpeSetReg::id, &SpeSetReg::unreadable, &SpeSetReg::value>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    const Flag<D> of_spe = is_spe_register<D>(id);
    one_reg_gate<D>(k, vm, vcpu, of_spe);
    k.when(!of_spe, [&] { may_refuse<D>(k); });
    k.reject(Errno::fault, unreadable, {"copy_in", "guest.c: copy_from_user"});
    keep_value<D>(k, vm.vcpu[vcpu.index].spe.regs, id, value);
  }
};

// KVM_SET_ONE_REG of PMBSR_EL1. The virtual line follows a trapped write of S; the posted code
// forgets it here [inferred] (I01, SPE-7.44), so a restored guest waits for an interrupt.
template <class D>
struct SpeSetRegStatus {
  static constexpr const char* name = "set_one_reg_pmbsr";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_ONE_REG, {id=KVM_REG_ARM64_PMBSR_EL1, addr=unreadable:[value]})";
  static constexpr const char* source = "v4-34, v4-37; SPE-4.11, SPE-7.44";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Word<D, 64> value{};
  static constexpr auto fields() {
    return members<&SpeSetRegStatus::vcpu, &SpeSetRegStatus::unreadable, &SpeSetRegStatus::value>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    one_reg_gate<D>(k, vm, vcpu, true);
    k.reject(Errno::fault, unreadable, {"copy_in", "guest.c: copy_from_user"});
    keep_value<D, Pmbsr>(k, self.regs, value);
    if (!k.is(Behaviour::spe_status_set_quietly)) k.set(self.line, plain(self.regs.service));
  }
};

// KVM_SET_ONE_REG of PMBPTR_EL1.
template <class D>
struct SpeSetRegPointer {
  static constexpr const char* name = "set_one_reg_pmbptr";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_ONE_REG, {id=KVM_REG_ARM64_PMBPTR_EL1, addr=unreadable:[value]})";
  static constexpr const char* source = "v4-37; SPE-4.12";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Num<D> value{};
  static constexpr auto fields() {
    return members<&SpeSetRegPointer::vcpu, &SpeSetRegPointer::unreadable,
                   &SpeSetRegPointer::value>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    one_reg_gate<D>(k, vm, vcpu, true);
    k.reject(Errno::fault, unreadable, {"copy_in", "guest.c: copy_from_user"});
    k.set(self.regs.ptr, value);
    give_back<D>(k, self);
  }
};

// KVM_SET_ONE_REG of PMBLIMITR_EL1.
template <class D>
struct SpeSetRegLimit {
  static constexpr const char* name = "set_one_reg_pmblimitr";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_ONE_REG, {id=KVM_REG_ARM64_PMBLIMITR_EL1, addr=unreadable:[value]})";
  static constexpr const char* source = "v4-37; SPE-4.12, W13";
  static bool applies(const Profile& p) { return is_spe_series(p); }
  VcpuId vcpu{};
  Flag<D> unreadable{};
  Num<D> value{};
  static constexpr auto fields() {
    return members<&SpeSetRegLimit::vcpu, &SpeSetRegLimit::unreadable, &SpeSetRegLimit::value>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    SpeVcpu<D>& self = vm.vcpu[vcpu.index].spe;
    one_reg_gate<D>(k, vm, vcpu, true);
    k.reject(Errno::fault, unreadable, {"copy_in", "guest.c: copy_from_user"});
    // E is bit 0, FM bits 2:1; the limit itself begins at bit 12.
    const Flag<D> discard = !is_multiple_of(value / 4, 2);
    k.set(self.regs.limit, value / 4096 * 4096);
    k.set(self.regs.enable, !is_multiple_of(value, 2));
    k.set(self.regs.fill, ite(discard, Word<D, 2>(discard_mode), Word<D, 2>(fill_mode)));
    give_back<D>(k, self);
  }
};

}  // namespace assay

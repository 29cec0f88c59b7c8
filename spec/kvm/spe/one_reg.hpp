// The guest's SPE registers as userspace sees them: KVM_GET_ONE_REG and KVM_SET_ONE_REG, which a
// migration saves and restores them by (facts/spe 4.8, 4.12; api.rst 4.68, 4.69).
#pragma once
#include "spec/kvm/spe/switch.hpp"
#include "spec/kvm/vcpu/run.hpp"

namespace assay {

// KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG of op0 3, op1 0, CRn 9, CRm 9 and 10.
inline constexpr u64 reg_pmscr_el1 = 0x603000000013c4c8, reg_pmsnevfr_el1 = reg_pmscr_el1 + 1,
                     reg_pmsicr_el1 = reg_pmscr_el1 + 2, reg_pmsirr_el1 = reg_pmscr_el1 + 3,
                     reg_pmsfcr_el1 = reg_pmscr_el1 + 4, reg_pmsevfr_el1 = reg_pmscr_el1 + 5,
                     reg_pmslatfr_el1 = reg_pmscr_el1 + 6;
inline constexpr u64 reg_pmblimitr_el1 = 0x603000000013c4d0, reg_pmbptr_el1 = 0x603000000013c4d1,
                     reg_pmbsr_el1 = 0x603000000013c4d3, reg_pmbidr_el1 = 0x603000000013c4d7;
inline constexpr u64 reg_id_aa64dfr0_el1 = 0x603000000013c028;

// The registers of SPE. 9.10.2 and 9.10.6 name none.
template <class D>
Flag<D> is_spe_register(const Word<D, 64>& id) {
  return id >= reg_pmscr_el1 && id <= reg_pmbidr_el1 && id != reg_pmbsr_el1 - 1 &&
         id != reg_pmbidr_el1 - 1;
}

// What KVM_GET_ONE_REG of a register that KVM keeps must tell; anything of another one. Bits that
// are RES0 are not judged.
template <class D>
Flag<D> is_as_kept(const SpeRegisters<D>& r, const Word<D, 64>& id, const Word<D, 64>& value) {
  const SpeSampling<D>& s = r.sampling;
  const auto is = [&](u64 which, const Flag<D>& same) { return id != which || same; };
  return is(reg_pmscr_el1, iff(bit(value, 0), r.e0spe) && iff(bit(value, 1), r.e1spe) &&
                               iff(bit(value, 3), s.cx) && iff(bit(value, 4), s.pa) &&
                               iff(bit(value, 5), s.ts) &&
                               field_bits<2>(value, 6) == plain(s.pct)) &&
         is(reg_pmsnevfr_el1, value == r.events_clear) &&
         is(reg_pmsicr_el1, field_bits<32>(value, 0) == plain(s.count) &&
                                field_bits<8>(value, 56) == plain(s.ecount)) &&
         is(reg_pmsirr_el1,
            field_bits<24>(value, 8) == plain(s.interval) && iff(bit(value, 0), s.random)) &&
         is(reg_pmsfcr_el1, iff(bit(value, 0), s.by_events) && iff(bit(value, 1), s.by_type) &&
                                iff(bit(value, 2), s.by_latency) &&
                                field_bits<5>(value, 16) == plain(s.types)) &&
         is(reg_pmsevfr_el1, value == s.events_set) &&
         is(reg_pmslatfr_el1, field_bits<16>(value, 0) == plain(s.latency_min)) &&
         is(reg_pmbptr_el1, to_number(value) == r.ptr) &&
         is(reg_pmblimitr_el1, iff(bit(value, 0), r.enable) &&
                                   field_bits<2>(value, 1) == plain(r.fill) &&
                                   to_number(value) / 4096 * 4096 == r.limit);
}
// What KVM_SET_ONE_REG of one of them stores.
template <class D>
void keep_value(Step<D>& k, SpeRegisters<D>& r, const Word<D, 64>& id, const Word<D, 64>& value) {
  SpeSampling<D>& s = r.sampling;
  const auto of = [&](u64 which, SpuRegister known, const auto& store) {
    k.when(id == which, [&] {
      k.set(s.unknown, s.unknown & ~Word<D, 16>(u64{1} << static_cast<unsigned>(known)));
      store();
    });
  };
  of(reg_pmscr_el1, SpuRegister::pmscr_el1, [&] {
    k.set(r.e0spe, bit(value, 0));
    k.set(r.e1spe, bit(value, 1));
    k.set(s.cx, bit(value, 3));
    k.set(s.pa, bit(value, 4));
    k.set(s.ts, bit(value, 5));
    k.set(s.pct, field_bits<2>(value, 6));
  });
  of(reg_pmsnevfr_el1, SpuRegister::pmsnevfr, [&] { k.set(r.events_clear, value); });
  of(reg_pmsicr_el1, SpuRegister::pmsicr, [&] {
    k.set(s.count, field_bits<32>(value, 0));
    k.set(s.ecount, field_bits<8>(value, 56));
  });
  of(reg_pmsirr_el1, SpuRegister::pmsirr, [&] {
    k.set(s.interval, field_bits<24>(value, 8));
    k.set(s.random, bit(value, 0));
  });
  of(reg_pmsfcr_el1, SpuRegister::pmsfcr, [&] {
    k.set(s.by_events, bit(value, 0));
    k.set(s.by_type, bit(value, 1));
    k.set(s.by_latency, bit(value, 2));
    k.set(s.types, field_bits<5>(value, 16));
  });
  of(reg_pmsevfr_el1, SpuRegister::pmsevfr, [&] { k.set(s.events_set, value); });
  of(reg_pmslatfr_el1, SpuRegister::pmslatfr,
     [&] { k.set(s.latency_min, field_bits<16>(value, 0)); });
}

// What all of these calls ask first; the register named is one of SPE.
template <class D>
void one_reg_gate(Step<D>& k, Vm<D>& vm, VcpuId v, const Flag<D>& of_spe) {
  const Vcpu<D>& self = vm.vcpu[v.index];
  gate<D>(k, vm);
  k.reject(Errno::noexec, !is_initialized<D>(self), {"not_initialized", "api.rst 4.68: ENOEXEC"});
  k.reject(Errno::noent, of_spe && !has_spe_feature<D>(self),
           {"register_is_hidden", "v4-37: ENOENT without the feature; facts/spe V13"});
  k.require(is_out_of_guest<D>(vm, v) && !self.spe.event_pending,
            {"not_during_run", "kvm_main.c:kvm_vcpu_ioctl: KVM_RUN holds the vCPU's mutex"});
}
// Everything else that these calls may answer, of registers that are not described here.
template <class D>
void may_refuse_register(Step<D>& k) {
  k.may_fail(Errno::noent, {"no_such_register", "api.rst 4.68: ENOENT"});
  k.may_fail(Errno::inval, {"bad_register_value", "api.rst 4.68: EINVAL"});
  k.may_fail(Errno::perm, {"register_not_finalized", "api.rst 4.68: EPERM"});
  k.may_fail(Errno::busy, {"register_is_fixed", "api.rst 4.68: EBUSY"});
}

// KVM_GET_ONE_REG.
template <class D>
struct SpeGetReg {
  static constexpr const char* name = "get_one_reg";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_GET_ONE_REG, {id=id, addr=unreadable:[value]})";
  static constexpr const char* source = "api.rst 4.69; SPE v4-18, v4-37; facts/spe 4.12";
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
    k.when(!of_spe, [&] { may_refuse_register<D>(k); });
    k.reject(Errno::fault, unreadable, {"copy_out", "guest.c: copy_to_user"});
    const Word<D, 4> version = field_bits<4>(value, 32);
    const Flag<D> capped = has_spe_feature<D>(self) && version <= 2;
    k.require(id != reg_id_aa64dfr0_el1 || capped || version == 0,
              {"version_is_capped", "v4-18: PMSVer at most 2, and 0 without SPE; facts/spe V12"});
    const Flag<D> flags = iff(bit(value, 17), r.service) && iff(bit(value, 19), r.data_loss) &&
                          iff(bit(value, 18), r.external_abort) && iff(bit(value, 16), r.collision);
    k.require(id != reg_pmbsr_el1 || (flags && field_bits<6>(value, 26) == plain(r.ec) &&
                                      field_bits<16>(value, 0) == plain(r.mss)),
              {"status_as_kept", "v4-34; facts/spe 4.12"});
    k.require(is_as_kept<D>(r, id, value), {"register_as_kept", "v4-37; facts/spe 4.12"});
  }
};

// KVM_SET_ONE_REG of a register that is not described below.
template <class D>
struct SpeSetReg {
  static constexpr const char* name = "set_one_reg";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_ONE_REG, {id=id, addr=unreadable:[value]})";
  static constexpr const char* source = "api.rst 4.68; SPE v4-37; facts/spe 4.12";
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
    k.when(!of_spe, [&] { may_refuse_register<D>(k); });
    k.reject(Errno::fault, unreadable, {"copy_in", "guest.c: copy_from_user"});
    keep_value<D>(k, vm.vcpu[vcpu.index].spe.regs, id, value);
  }
};

// KVM_SET_ONE_REG of PMBSR_EL1. The virtual line follows a trapped write of S; the posted code
// forgets it here [inferred] (facts/spe I01, 7.44), so a restored guest waits for an interrupt.
template <class D>
struct SpeSetRegStatus {
  static constexpr const char* name = "set_one_reg_pmbsr";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_ONE_REG, {id=KVM_REG_ARM64_PMBSR_EL1, addr=unreadable:[value]})";
  static constexpr const char* source = "SPE v4-34, v4-37; facts/spe 4.11, 7.44";
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
    k.set(self.regs.service, bit(value, 17));
    k.set(self.regs.data_loss, bit(value, 19));
    k.set(self.regs.external_abort, bit(value, 18));
    k.set(self.regs.collision, bit(value, 16));
    k.set(self.regs.ec, field_bits<6>(value, 26));
    k.set(self.regs.mss, field_bits<16>(value, 0));
    if (!k.is(Behaviour::spe_status_set_quietly)) k.set(self.line, bit(value, 17));
  }
};

// KVM_SET_ONE_REG of PMBPTR_EL1.
template <class D>
struct SpeSetRegPointer {
  static constexpr const char* name = "set_one_reg_pmbptr";
  static constexpr const char* syntax =
      "ioctl(<vcpu>, KVM_SET_ONE_REG, {id=KVM_REG_ARM64_PMBPTR_EL1, addr=unreadable:[value]})";
  static constexpr const char* source = "SPE v4-37; facts/spe 4.12";
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
  static constexpr const char* source = "SPE v4-37; facts/spe 4.12, W13";
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

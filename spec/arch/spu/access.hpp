// MSR and MRS of the SPU's registers: what is true of all of them (D24.7).
//
// A register's layout and what is special about it are one struct, derived from Stored or Control
// (registers.hpp). One event per direct access, in the order in which they take effect.
//
// A read shows what was written last, what the SPU has changed since if software has synchronised
// with it (D17.9), and anything at all where nothing was written since the last reset. Bits that
// are RES0 read as zero, or as they were written.
#pragma once
#include "spec/arch/spu/enabled.hpp"
#include "spec/register.hpp"

namespace assay {

// Samples in flight were collected under the old controls, or see the new ones: the SPU's register
// reads are independent of the instruction stream (D17.9). Until they are gone both count.
template <class D>
void change_controls(Step<D>& k, Spu<D>& s) {
  k.set(s.controls_changed, s.controls_changed || s.in_flight != 0);
}

template <class D, class Register, bool reads, class Arguments>
struct SpuAccess;

// The event of writing, and of reading, a register.
template <class D, class Register>
using SpuWrite = SpuAccess<D, Register, false, Arguments<D, Register>>;
template <class D, class Register>
using SpuRead = SpuAccess<D, Register, true, Arguments<D, Register>>;

// Stores all fields of a register.
template <class D, class Register, class A>
void stores(Step<D>& k, Spu<D>& s, const Pe<D>& pe, const SpuAccess<D, Register, false, A>& w) {
  const Flag<D> ones =
      store_fields<Register>(k, s, w, [&](unsigned since) { return is_of_version<D>(pe, since); });
  becomes_known<D>(k, s, Register::number, ones);
}

// Bits that are RES0 read as zero, unless software wrote ones there.
template <class D, class Register, class A>
void check_res0(Step<D>& k, const Spu<D>& s, const SpuAccess<D, Register, true, A>& r) {
  if constexpr (may_tell_res0<Register>) {
    const Flag<D> any =
        shows_anything<D>(s, Register::number) || has_res0_ones<D>(s, Register::number);
    k.require(res0_of<Register, D>(r) == 0 || any,
              {"res0_reads_as_zero", "D24.7: RES0 bits that nobody set"});
  }
}
// A register shows what the model holds for it, unless no value is promised or it may be another.
template <class D, class Register, class A>
void check_read(Step<D>& k, const Spu<D>& s, const SpuAccess<D, Register, true, A>& r,
                const Flag<D>& may_differ) {
  const Flag<D> any =
      shows_anything<D>(s, Register::number) || has_res0_ones<D>(s, Register::number);
  const Flag<D> same = fields_are_kept<Register, D>(s, r);
  k.require(s.unpredictable || any || may_differ || same, {"reads_as_written", "D24.7"});
  check_res0(k, s, r);
}

// A register that holds what was written, and nothing else. One that is more has functions of its
// own in the place of these.
template <SpuRegister which>
struct Stored {
  static constexpr SpuRegister number = which;
  template <class D>
  static void write(Step<D>& k, Spu<D>& s, const Pe<D>& pe, const auto& w) {
    stores(k, s, pe, w);
  }
  template <class D>
  static void read(Step<D>& k, const Spu<D>& s, const Pe<D>&, const auto& r) {
    check_read<D>(k, s, r, false);
  }
};
// A register that decides about samples: which are taken, and what is recorded of them.
template <SpuRegister which>
struct Control : Stored<which> {
  template <class D>
  static void write(Step<D>& k, Spu<D>& s, const Pe<D>& pe, const auto& w) {
    change_controls<D>(k, s);
    stores(k, s, pe, w);
  }
};

// An access of EL1 goes to EL2 instead of the register: MDCR_EL2.E2PB of those of the buffer but
// PMBIDR_EL1, TPMS of the others. EL1 has no access to those of higher levels.
template <class Register>
inline constexpr bool can_trap = std::string_view(Register::id.name) != "PMBIDR_EL1" &&
                                 (Register::id.encoding.op1 == 0 ||
                                  std::string_view(Register::id.name).starts_with("PMS"));
template <class D, class Register>
Flag<D> is_trapped(const Spu<D>& s) {
  constexpr std::string_view name = Register::id.name;
  const Flag<D> traps =
      name.starts_with("PMB") ? s.e2pb == 0 || s.e2pb == 2 : Flag<D>(plain(s.tpms));
  return s.el == 1 && traps;
}

template <class D, class Register, bool reads, class... F>
struct SpuAccess<D, Register, reads, FieldList<F...>> : Argument<D, F>... {
  static constexpr Access access = access_of<Register, reads>();
  static constexpr const char* name = access.event;
  static constexpr const char* source = access.source;
  static constexpr unsigned answers = reads ? sizeof...(F) : 0;
  Word<D, 16> cpu{};
  static constexpr auto fields() { return members<&SpuAccess::cpu, &Argument<D, F>::value...>; }
  void apply(Step<D>& k, Spu<D>& spu, const Pe<D>& pe) const {
    // An access to a register that is not there is UNDEFINED.
    if constexpr (Register::id.since > 1)
      k.require(is_of_version<D>(pe, Register::id.since),
                {"register_exists", "D24.7: UNDEFINED before its version"});
    if constexpr (can_trap<Register>)
      k.require(!is_trapped<D, Register>(spu),
                {"access_is_not_trapped", "D24.3.17 MDCR_EL2.E2PB, TPMS; SPE-1.3"});
    if constexpr (reads) Register::read(k, spu, pe, *this);
    else Register::write(k, spu, pe, *this);
  }
};

}  // namespace assay

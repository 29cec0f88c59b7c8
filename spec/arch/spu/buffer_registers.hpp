// The registers of the buffer: where it lies, how far it is filled, and what stopped it (D17.7.4,
// D17.8).
#pragma once
#include "spec/arch/spu/access.hpp"
#include "spec/arch/spu/translation.hpp"

namespace assay {

// Writes of the buffer registers while the buffer runs: R24557 lets the PE ignore them, except the
// one that clears E. A hypervisor must be correct either way.
template <class D>
Flag<D> is_ignored(Step<D>& k, const Spu<D>& s) {
  Flag<D> ignored = false;
  k.when(takes_records<D>(s), [&] {
    k.let(ignored, k.choose({"write_while_enabled_ignored", "R24557; DEN0154"}));
  });
  return ignored;
}

// The buffer would be written through pointers that software did not set, or set wrongly.
template <class D>
Flag<D> breaks_pointer_rule(const Spu<D>& s, const Pe<D>& pe) {
  const Flag<D> nowhere = is_unknown<D>(s, SpuRegister::pmbptr) && s.fill != discard_mode;
  return nowhere || !pointers_valid<D>(s, pe);
}

// A new epoch of the buffer begins at PTR: nothing is known to be written from there on.
template <class D>
void begin_epoch(Step<D>& k, Spu<D>& s) {
  k.set(s.start, s.ptr);
  k.set(s.records_end, s.ptr);
  k.set(s.bytes_end, s.ptr);
  k.set(s.torn, false);
  k.set(s.event_flight, s.in_flight);
  forget_ranges_from_pointer<D>(k, s);
}
// The same where the buffer may be enabled with these pointers.
template <class D>
void begin_epoch(Step<D>& k, Spu<D>& s, const Pe<D>& pe) {
  begin_epoch<D>(k, s);
  // Samples of an unlawful epoch may still be on their way. A stopped buffer may have any pointers.
  const Flag<D> breaks = k.guard(s.enable && !is_stopped<D>(s) && breaks_pointer_rule<D>(s, pe),
                                 {"pointer_rule_whenever_enabled", "R24557; A43, A44"});
  k.set(s.unpredictable, (s.unpredictable && s.in_flight != 0) || breaks);
  k.set(s.counts.disturbed, s.counts.disturbed || s.unpredictable);
}

// Profiling goes on after an event, unless another one stops it. Where no record ends, or where
// none fits, that breaks D17.7.4.
template <class D>
void restarts(Step<D>& k, Spu<D>& s, const Pe<D>& pe) {
  k.set(s.late, false);
  k.when(!is_stopped<D>(s), [&] { k.set(s.event, Word<D, 3>(number_of(SpuEvent::none))); });
  const Flag<D> writes = s.enable && !is_stopped<D>(s) && s.fill != discard_mode;
  const Flag<D> breaks =
      k.guard(writes && (breaks_pointer_rule<D>(s, pe) || s.torn || s.ptr != s.records_end),
              {"pointer_rule_whenever_enabled", "R24557; D17.7.4"});
  k.set(s.unpredictable, s.unpredictable || breaks);
  k.set(s.counts.disturbed, s.counts.disturbed || breaks);
}
// PMSCR_EL2.EE or MDCR_EL3.PMSEE were written: S of the register that they name no longer counts.
template <class D>
void changes_recording(Step<D>& k, Spu<D>& s, const Pe<D>& pe, const Flag<D>& was_stopped) {
  k.when(!status_counts<D>(s), [&] { k.set(s.event, Word<D, 3>(number_of(SpuEvent::none))); });
  k.when(was_stopped && !is_stopped<D>(s), [&] { restarts<D>(k, s, pe); });
}
// Software wrote a PMBSR_ELx: what was reported there is handled.
template <class D>
void handles_event(Step<D>& k, Spu<D>& s, const Pe<D>& pe, SpuRecordedAt here) {
  k.when(is_recorded_at<D>(s, here),
         [&] { k.set(s.event, Word<D, 3>(number_of(SpuEvent::none))); });
  restarts<D>(k, s, pe);
}

// Where the next record is written.
struct Pmbptr : Stored<SpuRegister::pmbptr> {
  static constexpr RegisterId id{"PMBPTR_EL1", {3, 0, 9, 10, 1}};
  static constexpr Access msr{"spe_write_pmbptr", "D24.7 PMBPTR_EL1; D17.7"};
  static constexpr Access mrs{"spe_read_pmbptr", "D17.9; D24.7 PMBPTR_EL1"};
  template <class D>
  using Fields = FieldList<Field<"ptr", 0, &Spu<D>::ptr>>;

  template <class D>
  static void write(Step<D>& k, Spu<D>& s, const Pe<D>& pe, const auto& w) {
    k.when(!is_ignored<D>(k, s), [&] {
      stores(k, s, pe, w);
      k.set(s.late, false);
      k.set(s.barriers.ptr, s.ptr);
      begin_epoch<D>(k, s, pe);
    });
  }
  // What the SPU wrote is sure to be seen after a drain only.
  template <class D>
  static void read(Step<D>& k, const Spu<D>& s, const Pe<D>& pe, const auto& r) {
    const Num<D> ptr = field<"ptr">(r);
    const Flag<D> any = s.unpredictable || shows_anything<D>(s, number);
    const Flag<D> lags = reads_lag<D>(s) && s.barriers.ptr <= ptr && ptr <= s.ptr;
    Flag<D> same = ptr == s.ptr || lags;
    k.when(pe.spe_align != 0, [&] {
      const Flag<D> res0 = k.choose({"low_bits_are_res0", "D24.7 PMBPTR_EL1: below Align"});
      k.let(same, same || (res0 && drops_low_bits<D>(pe, plain(s.ptr), ptr)));
    });
    k.require(any || same, {"reads_pointer", "D24.7 PMBPTR_EL1; D17.9"});
  }

 private:
  // M bits of the pointer, an IMPLEMENTATION DEFINED number of at most Align, read as zero.
  template <class D>
  static Flag<D> drops_low_bits(const Pe<D>& pe, const Num<D>& pointer, const Num<D>& read) {
    Flag<D> drops = false;
    for (unsigned m = 1; m <= align_max; ++m) {
      const u64 unit = u64{1} << m;
      drops = drops || (pe.spe_align >= m && is_multiple_of(read, unit) && read <= pointer &&
                        pointer < read + unit);
    }
    return drops;
  }
};

// Where the buffer ends, whether it is enabled, and its mode.
struct Pmblimitr : Stored<SpuRegister::pmblimitr> {
  static constexpr RegisterId id{
      "PMBLIMITR_EL1", {3, 0, 9, 10, 0}, 1, "E is 0, the rest is UNKNOWN"};
  static constexpr Access msr{"spe_write_pmblimitr", "D24.7 PMBLIMITR_EL1; D17.7"};
  static constexpr Access mrs{"spe_read_pmblimitr", "D24.7 PMBLIMITR_EL1"};
  template <class D>
  using Fields = FieldList<Field<"limit", 12, &Spu<D>::limit>, Field<"fm", 1, &Spu<D>::fill, 3>,
                           Field<"e", 0, &Spu<D>::enable>, Field<"pmfz", 5, &Spu<D>::freeze, 3>,
                           Field<"nvm", 7, &Spu<D>::physical, 6>>;

  template <class D>
  static void write(Step<D>& k, Spu<D>& s, const Pe<D>& pe, const auto& w) {
    k.require(is_multiple_of(field<"limit">(w), 4096),
              {"limit_is_page_aligned", "D24.7 PMBLIMITR_EL1.LIMIT"});
    const Flag<D> ignored = is_ignored<D>(k, s) && field<"e">(w);
    k.when(!ignored, [&] {
      k.set(s.late, takes_records<D>(s) && s.in_flight != 0 && !field<"e">(w));
      k.set(s.late_limit, s.limit);
      const Flag<D> was_physical = is_physical<D>(s);
      stores(k, s, pe, w);
      // The pointers are addresses of another kind.
      k.when(!iff(was_physical, is_physical<D>(s)), [&] { forget_translations<D>(k, s); });
      // A reserved FM behaves as one that is not, and may read back either way.
      k.when(s.fill == 1 || s.fill == 3, [&] {
        const Flag<D> discards = k.choose({"reserved_fm_discards", "D24.7 PMBLIMITR_EL1.FM"});
        k.set(s.fill, ite(discards, Word<D, 2>(discard_mode), Word<D, 2>(fill_mode)));
        becomes_known<D>(k, s, number, true);
      });
      begin_epoch<D>(k, s, pe);
    });
  }
  template <class D>
  static void read(Step<D>& k, const Spu<D>& s, const Pe<D>&, const auto& r) {
    k.require(s.unpredictable || iff(field<"e">(r), plain(s.enable)),
              {"reads_enable", "D24.7 PMBLIMITR_EL1.E: a reset makes it zero"});
    check_read<D>(k, s, r, false);
  }
};

// What stopped profiling. Software clears an event, or raises one itself (D17.8 IGRLRX).
struct Pmbsr : Stored<SpuRegister::pmbsr> {
  static constexpr RegisterId id{"PMBSR_EL1", {3, 0, 9, 10, 3}};
  static constexpr Access msr{"spe_write_pmbsr", "D24.7 PMBSR_EL1; D17.8"};
  static constexpr Access mrs{"spe_read_pmbsr", "D17.9; D24.7 PMBSR_EL1"};
  template <class D>
  using Fields = FieldList<Field<"s", 17, &Spu<D>::service>, Field<"dl", 19, &Spu<D>::data_loss>,
                           Field<"ea", 18, &Spu<D>::external_abort>,
                           Field<"coll", 16, &Spu<D>::collision>, Field<"ec", 26, &Spu<D>::ec>,
                           Field<"mss", 0, &Spu<D>::mss>, Field<"mss2", 32, &Spu<D>::mss2>>;

  template <class D>
  static void write(Step<D>& k, Spu<D>& s, const Pe<D>& pe, const auto& w) {
    k.when(!is_ignored<D>(k, s), [&] {
      stores(k, s, pe, w);
      k.set(s.lost, s.data_loss);
      k.set(s.irq, s.service);
      handles_event<D>(k, s, pe, SpuRecordedAt::el1);
      shows_status<D>(k, s);
    });
  }
  // A value that it has had since the last drain.
  template <class D>
  static void read(Step<D>& k, const Spu<D>& s, const Pe<D>& pe, const auto& r) {
    const Flag<D> any = s.unpredictable || shows_anything<D>(s, number);
    const Flag<D> lags = reads_lag<D>(s);
    const auto reads = [&](const Flag<D>& read, const auto& now, const auto& before) {
      return iff(read, plain(now)) || (lags && iff(read, plain(before)));
    };
    const SpuBarriers<D>& b = s.barriers;
    k.require(s.unpredictable || reads(field<"s">(r), s.service, b.service),
              {"reads_service", "D24.7 PMBSR_EL1.S"});
    k.require(any || reads(field<"dl">(r), s.data_loss, b.data_loss),
              {"reads_data_loss", "D24.7 PMBSR_EL1.DL"});
    // From SPEv1p3 on no PE sets it, and it may be RES0.
    const Flag<D> res0 = pe.spe >= 4 && pe.spe != 0xff && !field<"ea">(r);
    k.require(any || res0 || reads(field<"ea">(r), s.external_abort, b.external_abort),
              {"reads_external_abort", "D24.7 PMBSR_EL1.EA"});
    k.require(any || reads(field<"coll">(r), s.collision, b.collision),
              {"reads_collision", "D24.7 PMBSR_EL1.COLL"});
    // Before the event was to be seen, what its syndrome replaced is not kept here.
    const Flag<D> before = lags && !iff(field<"s">(r), plain(s.service));
    k.require(
        any || before ||
            (field<"ec">(r) == s.ec && field<"mss">(r) == s.mss && field<"mss2">(r) == s.mss2),
        {"reads_syndrome", "D24.7 PMBSR_EL1.EC, MSS, MSS2"});
    check_res0(k, s, r);
  }
};

// The same for events that are recorded above EL1 (FEAT_SPE_EXC).
template <SpuRegister which, auto bank, SpuRecordedAt level>
struct UpperStatus {
  static constexpr SpuRegister number = which;
  template <class D>
  using Fields =
      FieldList<Field<"s", 17, 1u>, Field<"dl", 19, 1u>, Field<"ea", 18, 1u>, Field<"coll", 16, 1u>,
                Field<"ec", 26, 6u>, Field<"mss", 0, 16u>, Field<"mss2", 32, 24u>>;

  template <class D>
  static void write(Step<D>& k, Spu<D>& s, const Pe<D>& pe, const auto& w) {
    check_level<D>(k, s);
    SpuStatus<D>& status = bank(s);
    k.set(status.service, field<"s">(w));
    k.set(status.data_loss, field<"dl">(w));
    k.set(status.external_abort, field<"ea">(w));
    k.set(status.collision, field<"coll">(w));
    k.set(status.ec, field<"ec">(w));
    k.set(status.mss, field<"mss">(w));
    k.set(status.mss2, field<"mss2">(w));
    k.set(status.lost, field<"dl">(w));
    becomes_known<D>(k, s, number, field<"res0">(w) != 0);
    handles_event<D>(k, s, pe, level);
  }
  // Until a drain a read may show what was there before.
  template <class D>
  static void read(Step<D>& k, Spu<D>& s, const Pe<D>&, const auto& r) {
    check_level<D>(k, s);
    const SpuStatus<D>& status = bank(s);
    const Flag<D> any = s.unpredictable || shows_anything<D>(s, number) || reads_lag<D>(s);
    k.require(any || iff(field<"s">(r), plain(status.service)),
              {"reads_service", "D24.7 PMBSR_EL2.S, PMBSR_EL3.S"});
    k.require(any || iff(field<"dl">(r), plain(status.data_loss)),
              {"reads_data_loss", "D24.7 PMBSR_EL2.DL, PMBSR_EL3.DL"});
    // No PE that has the register sets EA, and it may be RES0.
    k.require(any || !field<"ea">(r) || status.external_abort,
              {"reads_external_abort", "D24.7 PMBSR_EL2.EA, PMBSR_EL3.EA"});
    k.require(any || iff(field<"coll">(r), plain(status.collision)),
              {"reads_collision", "D24.7 PMBSR_EL2.COLL, PMBSR_EL3.COLL"});
    k.require(any || (field<"ec">(r) == status.ec && field<"mss">(r) == status.mss &&
                      field<"mss2">(r) == status.mss2),
              {"reads_syndrome", "D24.7 PMBSR_EL2.EC, MSS, MSS2; PMBSR_EL3.EC, MSS, MSS2"});
    check_res0(k, s, r);
  }

 private:
  template <class D>
  static void check_level(Step<D>& k, const Spu<D>& s) {
    k.require(s.el >= (level == SpuRecordedAt::el3 ? 3u : 2u),
              {"level_has_the_register", "D24.7: UNDEFINED at lower Exception levels"});
    if constexpr (level == SpuRecordedAt::el2)
      k.require(s.el == 3 || s.firmware != number_of(SpuFirmware::disables),
                {"firmware_permits_it", "D24.7 PMBSR_EL2: UNDEFINED with MDCR_EL3.PMSEE zero"});
  }
};
inline constexpr auto status_at_el2 = [](auto& spu) -> auto& { return spu.at_el2; };
inline constexpr auto status_at_el3 = [](auto& spu) -> auto& { return spu.at_el3; };
struct PmbsrEl2 : UpperStatus<SpuRegister::pmbsr_el2, status_at_el2, SpuRecordedAt::el2> {
  static constexpr RegisterId id{"PMBSR_EL2", {3, 4, 9, 10, 3}, 6};
  static constexpr Access msr{"spe_write_pmbsr_el2", "D24.7 PMBSR_EL2; D17.8"};
  static constexpr Access mrs{"spe_read_pmbsr_el2", "D17.9; D24.7 PMBSR_EL2"};
};
struct PmbsrEl3 : UpperStatus<SpuRegister::pmbsr_el3, status_at_el3, SpuRecordedAt::el3> {
  static constexpr RegisterId id{"PMBSR_EL3", {3, 6, 9, 10, 3}, 6};
  static constexpr Access msr{"spe_write_pmbsr_el3", "D24.7 PMBSR_EL3; D17.8"};
  static constexpr Access mrs{"spe_read_pmbsr_el3", "D17.9; D24.7 PMBSR_EL3"};
};

// The memory attributes of a buffer at physical addresses.
struct Pmbmar : Control<SpuRegister::pmbmar> {
  static constexpr RegisterId id{"PMBMAR_EL1", {3, 0, 9, 10, 5}, 6};
  static constexpr Access msr{"spe_write_pmbmar", "D24.7 PMBMAR_EL1; D17.7"};
  static constexpr Access mrs{"spe_read_pmbmar", "D24.7 PMBMAR_EL1; D17.7"};
  template <class D>
  using Fields = FieldList<Field<"value", 0, &Spu<D>::attributes>>;
};

// Whose the buffer is, and how it is aligned.
struct Pmbidr {
  static constexpr RegisterId id{"PMBIDR_EL1", {3, 0, 9, 10, 7}, 1, "fixed"};
  static constexpr Access mrs{"spe_read_pmbidr", "D24.7 PMBIDR_EL1"};
  template <class D>
  using Fields = FieldList<Field<"align", 0, 4u>, Field<"p", 4, 1u>, Field<"f", 5, 1u>,
                           Field<"addrmode", 6, 2u>, Field<"ea", 8, 4u>, Field<"maxbuff", 32, 16u>>;

  template <class D>
  static void read(Step<D>& k, const Spu<D>& s, const Pe<D>& pe, const auto& r) {
    const Word<D, 8> align = zero_extend<8>(field<"align">(r));
    k.require(align <= align_max && (pe.spe == 0 || align == pe.spe_align),
              {"align_is_the_pes", "D24.7 PMBIDR_EL1.Align: at most 2 KB"});
    const Flag<D> p = field<"p">(r);
    k.require(s.el != 1 || iff(p, owned_by_el2<D>(s) || s.excluded),
              {"p_at_el1", "D24.7 PMBIDR_EL1.P: the owner's level is higher"});
    k.require(s.el != 2 || iff(p, plain(s.excluded)),
              {"p_at_el2", "D24.7 PMBIDR_EL1.P: another Security state owns the buffer"});
    k.require(s.el != 3 || !p, {"p_at_el3", "D24.7 PMBIDR_EL1.P reads as zero at EL3"});
    const Flag<D> from_v1p3 = pe.spe >= 4 && pe.spe != 0xff;
    k.require(!from_v1p3 || field<"f">(r), {"f_from_v1p3", "D24.7 PMBIDR_EL1.F"});
    k.require(field<"ea">(r) <= 2 && (!from_v1p3 || field<"ea">(r) != 0),
              {"abort_mode_is_described", "D24.7 PMBIDR_EL1.EA"});
    const Word<D, 2> mode = field<"addrmode">(r);
    const Flag<D> physical = mode == 1 && is_of_version<D>(pe, 6) && !p;
    k.require(mode == 0 || (physical && (s.el != 1 || s.envm2)),
              {"address_mode_is_of_hardware", "D24.7 PMBIDR_EL1.AddrMode: needs EnVM, P clear"});
    // A hypervisor that traps the read may show its guest a maximum (v6-14).
    k.require(s.el == 1 || field<"maxbuff">(r) == 0,
              {"no_maximum_of_hardware", "D24.7 PMBIDR_EL1.MaxBuffSize"});
  }
};

}  // namespace assay

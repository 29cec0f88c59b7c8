// The registers of an SPU, each in one place (D24.7): its layout, which events its accesses are,
// which members of the state keep it, and what is special about it.
#pragma once
#include "model/dispatch.hpp"
#include "spec/arch/spu/access.hpp"
#include "spec/arch/spu/sample_events.hpp"
#include "spec/arch/spu/translation.hpp"

namespace assay {

// --- the buffer: where it lies, how far it is filled, and what stopped it (D17.7.4, D17.8) ---

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
  const Flag<D> breaks = k.guard(s.enable && !s.service && breaks_pointer_rule<D>(s, pe),
                                 {"pointer_rule_whenever_enabled", "R24557; A43, A44"});
  k.set(s.unpredictable, (s.unpredictable && s.in_flight != 0) || breaks);
  k.set(s.counts.disturbed, s.counts.disturbed || s.unpredictable);
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
      k.set(s.event, Word<D, 3>(number_of(SpuEvent::none)));
      k.set(s.lost, s.data_loss);
      k.set(s.late, false);
      k.set(s.irq, s.service);
      // Restarting where no record ends, or where none fits, breaks D17.7.4.
      const Flag<D> writes = s.enable && !s.service && s.fill != discard_mode;
      const Flag<D> breaks =
          k.guard(writes && (breaks_pointer_rule<D>(s, pe) || s.torn || s.ptr != s.records_end),
                  {"pointer_rule_whenever_enabled", "R24557; D17.7.4"});
      k.set(s.unpredictable, s.unpredictable || breaks);
      k.set(s.counts.disturbed, s.counts.disturbed || breaks);
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

// --- what is sampled, how often, and what becomes of a sample (D17.3, D17.5, D17.6) ---

// What EL1 and EL0 profile, and which packets their records have.
struct PmscrEl1 : Control<SpuRegister::pmscr_el1> {
  static constexpr RegisterId id{"PMSCR_EL1", {3, 0, 9, 9, 0}};
  static constexpr Access msr{"spe_write_pmscr_el1", "D24.7 PMSCR_EL1"};
  static constexpr Access mrs{"spe_read_pmscr_el1", "D24.7 PMSCR_EL1"};
  template <class D>
  using Fields = FieldList<Field<"e0spe", 0, &Spu<D>::e0spe>, Field<"e1spe", 1, &Spu<D>::e1spe>,
                           Field<"cx", 3, &Spu<D>::cx1>, Field<"pa", 4, &Spu<D>::pa1>,
                           Field<"ts", 5, &Spu<D>::ts1>, Field<"pct", 6, &Spu<D>::pct1>,
                           Field<"ee", 8, &Spu<D>::ee1, 6>, Field<"ke", 10, &Spu<D>::ke1, 6>,
                           Field<"envm", 11, &Spu<D>::envm1, 6>>;
};

// The same of EL2, and of EL0 with HCR_EL2.TGE.
struct PmscrEl2 : Control<SpuRegister::pmscr_el2> {
  template <class D>
  static void write(Step<D>& k, Spu<D>& s, const Pe<D>& pe, const auto& w) {
    const Flag<D> was_physical = is_physical<D>(s);
    Control::write(k, s, pe, w);
    k.when(!iff(was_physical, is_physical<D>(s)), [&] { forget_translations<D>(k, s); });
  }

  static constexpr RegisterId id{"PMSCR_EL2", {3, 4, 9, 9, 0}};
  static constexpr Access msr{"spe_write_pmscr_el2", "D24.7 PMSCR_EL2"};
  static constexpr Access mrs{"spe_read_pmscr_el2", "D24.7 PMSCR_EL2"};
  template <class D>
  using Fields = FieldList<Field<"e0hspe", 0, &Spu<D>::e0hspe>, Field<"e2spe", 1, &Spu<D>::e2spe>,
                           Field<"cx", 3, &Spu<D>::cx2>, Field<"pa", 4, &Spu<D>::pa2>,
                           Field<"ts", 5, &Spu<D>::ts2>, Field<"pct", 6, &Spu<D>::pct2>,
                           Field<"ee", 8, &Spu<D>::ee2, 6>, Field<"ke", 10, &Spu<D>::ke2, 6>,
                           Field<"envm", 11, &Spu<D>::envm2, 6>>;
};

// The sampling interval.
struct Pmsirr : Stored<SpuRegister::pmsirr> {
  static constexpr RegisterId id{"PMSIRR_EL1", {3, 0, 9, 9, 3}};
  static constexpr Access msr{"spe_write_pmsirr", "D24.7 PMSIRR_EL1; D17.3"};
  static constexpr Access mrs{"spe_read_pmsirr", "D24.7 PMSIRR_EL1"};
  template <class D>
  using Fields =
      FieldList<Field<"interval", 8, &Spu<D>::interval>, Field<"rnd", 0, &Spu<D>::random>>;
};

// The interval counter. A new session begins with zero; any other value was saved (D17.3.5).
struct Pmsicr : Stored<SpuRegister::pmsicr> {
  static constexpr RegisterId id{"PMSICR_EL1", {3, 0, 9, 9, 2}};
  static constexpr Access msr{"spe_write_pmsicr", "D24.7 PMSICR_EL1; D17.3"};
  static constexpr Access mrs{"spe_read_pmsicr", "D24.7 PMSICR_EL1; D17.3.5"};
  template <class D>
  using Fields = FieldList<Field<"count", 0, &Spu<D>::count>, Field<"ecount", 56, &Spu<D>::ecount>>;

  // After a drain: the value to save and to go on from. With ERnd the extra count runs by itself,
  // and what a trace tells of COUNT is not all.
  template <class D>
  static void read(Step<D>& k, const Spu<D>& s, const Pe<D>& pe, const auto& r) {
    const Flag<D> extended = pe.spe_ernd && s.random;
    const Flag<D> runs = extended || reads_lag<D>(s) || has_no_interval<D>(s);
    // ECOUNT is RES0 without ERnd.
    const Flag<D> res0 = !pe.spe_ernd && field<"ecount">(r) == 0 && field<"count">(r) == s.count;
    check_read<D>(k, s, r, runs || res0);
  }
};

// Which filters there are.
struct Pmsfcr : Control<SpuRegister::pmsfcr> {
  static constexpr RegisterId id{"PMSFCR_EL1", {3, 0, 9, 9, 4}};
  static constexpr Access msr{"spe_write_pmsfcr", "D24.7 PMSFCR_EL1; D17.5"};
  static constexpr Access mrs{"spe_read_pmsfcr", "D24.7 PMSFCR_EL1"};
  template <class D>
  using Fields =
      FieldList<Field<"fe", 0, &Spu<D>::filter_events>, Field<"ft", 1, &Spu<D>::filter_types>,
                Field<"fl", 2, &Spu<D>::filter_latency>,
                Field<"fne", 3, &Spu<D>::filter_not_events, 3>,
                Field<"fds", 4, &Spu<D>::filter_source, 5>, Field<"type", 16, &Spu<D>::types>,
                Field<"mask", 48, &Spu<D>::type_mask, 5>>;
};

// The events that a sample must have, and those that it must not have. Bits of events that the PE
// need not have may be RES0.
template <SpuRegister which>
struct EventFilter : Control<which> {
  template <class D>
  static void read(Step<D>& k, const Spu<D>& s, const Pe<D>& pe, const auto& r) {
    const Word<D, 64> kept =
        which == SpuRegister::pmsevfr ? plain(s.events_set) : plain(s.events_clear);
    const Word<D, 64> differs = field<"value">(r) ^ kept;
    const Flag<D> res0 = (differs & (events_of_every_pe<D>(pe) | ~kept)) == 0;
    check_read<D>(k, s, r, res0);
  }
};
struct Pmsevfr : EventFilter<SpuRegister::pmsevfr> {
  static constexpr RegisterId id{"PMSEVFR_EL1", {3, 0, 9, 9, 5}};
  static constexpr Access msr{"spe_write_pmsevfr", "D24.7 PMSEVFR_EL1; D17.5"};
  static constexpr Access mrs{"spe_read_pmsevfr", "D24.7 PMSEVFR_EL1; D17.5"};
  template <class D>
  using Fields = FieldList<Field<"value", 0, &Spu<D>::events_set>>;
};
struct Pmsnevfr : EventFilter<SpuRegister::pmsnevfr> {
  static constexpr RegisterId id{"PMSNEVFR_EL1", {3, 0, 9, 9, 1}, 3};
  static constexpr Access msr{"spe_write_pmsnevfr", "D24.7 PMSNEVFR_EL1; D17.5"};
  static constexpr Access mrs{"spe_read_pmsnevfr", "D24.7 PMSNEVFR_EL1; D17.5"};
  template <class D>
  using Fields = FieldList<Field<"value", 0, &Spu<D>::events_clear>>;
};

// The least latency, and the data sources.
struct Pmslatfr : Control<SpuRegister::pmslatfr> {
  static constexpr RegisterId id{"PMSLATFR_EL1", {3, 0, 9, 9, 6}};
  static constexpr Access msr{"spe_write_pmslatfr", "D24.7 PMSLATFR_EL1; D17.5"};
  static constexpr Access mrs{"spe_read_pmslatfr", "D24.7 PMSLATFR_EL1; D17.5"};
  template <class D>
  using Fields = FieldList<Field<"value", 0, &Spu<D>::latency_min>>;
  // With counters of 12 bits the upper four are RES0.
  template <class D>
  static void read(Step<D>& k, const Spu<D>& s, const Pe<D>&, const auto& r) {
    const Word<D, 64> kept = zero_extend<64>(plain(s.latency_min));
    check_read<D>(k, s, r, field<"value">(r) == (kept & Word<D, 64>(latency_of_12_bits)));
  }
};
struct Pmsdsfr : Control<SpuRegister::pmsdsfr> {
  static constexpr RegisterId id{"PMSDSFR_EL1", {3, 0, 9, 10, 4}, 5};
  static constexpr Access msr{"spe_write_pmsdsfr", "D24.7 PMSDSFR_EL1; D17.5"};
  static constexpr Access mrs{"spe_read_pmsdsfr", "D24.7 PMSDSFR_EL1; D17.5"};
  template <class D>
  using Fields = FieldList<Field<"value", 0, &Spu<D>::sources>>;
};

// What the SPU can do. FILTERS is FE, FT and FL.
struct Pmsidr {
  static constexpr RegisterId id{"PMSIDR_EL1", {3, 0, 9, 9, 7}, 1, "fixed"};
  static constexpr Access mrs{"spe_read_pmsidr", "D24.7 PMSIDR_EL1"};
  template <class D>
  using Fields = FieldList<Field<"filters", 0, 3u>, Field<"archinst", 3, 1u>, Field<"lds", 4, 1u>,
                           Field<"ernd", 5, 1u>, Field<"fne", 6, 1u>, Field<"fds", 7, 1u>,
                           Field<"interval", 8, 4u>, Field<"maxsize", 12, 4u>,
                           Field<"countsize", 16, 4u>, Field<"format", 20, 4u>,
                           Field<"pbt", 24, 1u>, Field<"crr", 25, 1u>, Field<"eft", 26, 1u>>;

  template <class D>
  static void read(Step<D>& k, const Spu<D>&, const Pe<D>& pe, const auto& r) {
    constexpr u64 of_64_bytes = 6, of_2_kbytes = 11;
    const Word<D, 4> maxsize = field<"maxsize">(r), interval = field<"interval">(r);
    k.require(maxsize >= of_64_bytes && maxsize <= of_2_kbytes,
              {"max_size_is_permitted", "D24.7 PMSIDR_EL1.MaxSize: 64 bytes to 2 KB"});
    k.require(pe.spe == 0 || power_of_two(maxsize) == pe.spe_record_max,
              {"max_size_is_the_pes", "D24.7 PMSIDR_EL1.MaxSize"});
    k.require(interval != 1 && interval <= 8,
              {"interval_is_defined", "D24.7 PMSIDR_EL1.Interval: 256 to 4096"});
    k.require(field<"countsize">(r) == 2 || field<"countsize">(r) == 3,
              {"count_size_is_defined", "D24.7 PMSIDR_EL1.CountSize: 12 or 16 bits"});
    k.require(field<"format">(r) == 0, {"format_is_zero", "D24.7 PMSIDR_EL1.Format"});
    k.require(pe.spe < 3 || pe.spe == 0xff || field<"fne">(r),
              {"inverse_filter_from_v1p2", "D24.7 PMSIDR_EL1.FnE: FEAT_SPE_FnE"});
    k.require(pe.spe == 0 || iff(field<"ernd">(r), plain(pe.spe_ernd)),
              {"ernd_is_the_pes", "D24.7 PMSIDR_EL1.ERnd"});
    k.require(!field<"fds">(r) || is_of_version<D>(pe, 5),
              {"source_filter_from_v1p4", "D24.7 PMSIDR_EL1.FDS: FEAT_SPE_FDS"});
    k.require(!field<"crr">(r) || is_of_version<D>(pe, 6),
              {"crr_from_v1p5", "D24.7 PMSIDR_EL1.CRR"});
  }
};

// All of them, by encoding.
using SpuRegisters = TypeList<PmscrEl1, Pmsnevfr, Pmsicr, Pmsirr, Pmsfcr, Pmsevfr, Pmslatfr, Pmsidr,
                              Pmblimitr, Pmbptr, Pmbsr, Pmsdsfr, Pmbmar, Pmbidr, PmscrEl2>;
inline constexpr auto spe_sysregs = []<class... R>(TypeList<R...>) {
  return std::array{sysreg_of<R>()...};
}(SpuRegisters{});

// How a hypervisor with VHE reaches the guest's registers: as PMSCR_EL12 and, with FEAT_SPE_EXC, as
// PMBSR_EL12. Its own PMSCR_EL1 is PMSCR_EL2.
inline constexpr std::array spe_register_aliases{
    RegisterAlias{"PMSCR_EL12", {3, 5, 9, 9, 0}, "PMSCR_EL1"},
    RegisterAlias{"PMBSR_EL12", {3, 5, 9, 10, 3}, "PMBSR_EL1"}};

}  // namespace assay

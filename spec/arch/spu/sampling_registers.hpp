// The registers of sampling: what is sampled, how often, and what becomes of a sample (D17.3,
// D17.5, D17.6).
#pragma once
#include "spec/arch/spu/access.hpp"
#include "spec/arch/spu/buffer_registers.hpp"
#include "spec/arch/spu/sample_events.hpp"

namespace assay {

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
    const Flag<D> was_physical = is_physical<D>(s), was_stopped = is_stopped<D>(s);
    Control::write(k, s, pe, w);
    changes_recording<D>(k, s, pe, was_stopped);
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

}  // namespace assay

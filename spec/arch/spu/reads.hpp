// What software reads from the SPU's registers (D24.7), its interrupt, and what the PMU counted.
//
// A read shows what was written last, what the SPU has changed since if software has synchronised
// with it (D17.9), and anything at all where nothing was written since the last reset. Bits that
// are RES0 read as zero, or as they were written.
#pragma once
#include "spec/arch/spu/barriers.hpp"

namespace assay {

// A register shows what the model holds for it, unless no value is promised.
template <class D>
void check_read(Step<D>& k, const Spu<D>& s, SpuRegister r, const Flag<D>& same,
                const Word<D, 64>& res0) {
  const Flag<D> untidy = bit(plain(s.untidy), static_cast<unsigned>(r));
  k.require(s.unpredictable || is_unknown<D>(s, r) || untidy || same,
            {"reads_as_written", "D24.7"});
  k.require(res0 == 0 || untidy || is_unknown<D>(s, r),
            {"res0_reads_as_zero", "D24.7: RES0 bits that nobody set"});
}

// MRS PMBLIMITR_EL1.
template <class D>
struct SpuReadLimit {
  static constexpr const char* name = "spe_read_pmblimitr";
  static constexpr const char* syntax =
      "spe_read_pmblimitr: cpu=cpu limit=limit fm=fill e=enable pmfz=freeze nvm=physical res0=res0";
  static constexpr const char* source = "D24.7 PMBLIMITR_EL1";
  Word<D, 16> cpu{};
  Num<D> limit{};
  Word<D, 2> fill{};
  Flag<D> enable{}, freeze{}, physical{};
  Word<D, 64> res0{};
  static constexpr unsigned answers = 6;
  static constexpr auto fields() {
    return members<&SpuReadLimit::cpu, &SpuReadLimit::limit, &SpuReadLimit::fill,
                   &SpuReadLimit::enable, &SpuReadLimit::freeze, &SpuReadLimit::physical,
                   &SpuReadLimit::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.require(spu.unpredictable || iff(enable, spu.enable),
                {"reads_enable", "D24.7 PMBLIMITR_EL1.E: a reset makes it zero"});
      check_read<D>(k, spu, SpuRegister::pmblimitr,
                    limit == spu.limit && fill == spu.fill && iff(freeze, spu.freeze) &&
                        iff(physical, spu.physical),
                    res0);
    });
  }
};

// MRS PMSCR_EL1.
template <class D>
struct SpuReadControl {
  static constexpr const char* name = "spe_read_pmscr_el1";
  static constexpr const char* syntax =
      "spe_read_pmscr_el1: cpu=cpu e0spe=e0spe e1spe=e1spe cx=cx pa=pa ts=ts pct=pct ee=ee ke=ke "
      "envm=envm res0=res0";
  static constexpr const char* source = "D24.7 PMSCR_EL1";
  Word<D, 16> cpu{};
  Flag<D> e0spe{}, e1spe{}, cx{}, pa{}, ts{};
  Word<D, 2> pct{}, ee{};
  Flag<D> ke{}, envm{};
  Word<D, 64> res0{};
  static constexpr unsigned answers = 10;
  static constexpr auto fields() {
    return members<&SpuReadControl::cpu, &SpuReadControl::e0spe, &SpuReadControl::e1spe,
                   &SpuReadControl::cx, &SpuReadControl::pa, &SpuReadControl::ts,
                   &SpuReadControl::pct, &SpuReadControl::ee, &SpuReadControl::ke,
                   &SpuReadControl::envm, &SpuReadControl::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      const Flag<D> enables = iff(e0spe, spu.e0spe) && iff(e1spe, spu.e1spe);
      const Flag<D> packets = iff(cx, spu.cx1) && iff(pa, spu.pa1) && iff(ts, spu.ts1);
      check_read<D>(k, spu, SpuRegister::pmscr_el1,
                    enables && packets && pct == spu.pct1 && ee == spu.ee1 && iff(ke, spu.ke1) &&
                        iff(envm, spu.envm1),
                    res0);
    });
  }
};

// MRS PMSCR_EL2.
template <class D>
struct SpuReadControl2 {
  static constexpr const char* name = "spe_read_pmscr_el2";
  static constexpr const char* syntax =
      "spe_read_pmscr_el2: cpu=cpu e0hspe=e0hspe e2spe=e2spe cx=cx pa=pa ts=ts pct=pct ee=ee "
      "ke=ke envm=envm res0=res0";
  static constexpr const char* source = "D24.7 PMSCR_EL2";
  Word<D, 16> cpu{};
  Flag<D> e0hspe{}, e2spe{}, cx{}, pa{}, ts{};
  Word<D, 2> pct{}, ee{};
  Flag<D> ke{}, envm{};
  Word<D, 64> res0{};
  static constexpr unsigned answers = 10;
  static constexpr auto fields() {
    return members<&SpuReadControl2::cpu, &SpuReadControl2::e0hspe, &SpuReadControl2::e2spe,
                   &SpuReadControl2::cx, &SpuReadControl2::pa, &SpuReadControl2::ts,
                   &SpuReadControl2::pct, &SpuReadControl2::ee, &SpuReadControl2::ke,
                   &SpuReadControl2::envm, &SpuReadControl2::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      const Flag<D> enables = iff(e0hspe, spu.e0hspe) && iff(e2spe, spu.e2spe);
      const Flag<D> packets = iff(cx, spu.cx2) && iff(pa, spu.pa2) && iff(ts, spu.ts2);
      check_read<D>(k, spu, SpuRegister::pmscr_el2,
                    enables && packets && pct == spu.pct2 && ee == spu.ee2 && iff(ke, spu.ke2) &&
                        iff(envm, spu.envm2),
                    res0);
    });
  }
};

// MRS PMSIRR_EL1.
template <class D>
struct SpuReadInterval {
  static constexpr const char* name = "spe_read_pmsirr";
  static constexpr const char* syntax =
      "spe_read_pmsirr: cpu=cpu interval=interval rnd=random res0=res0";
  static constexpr const char* source = "D24.7 PMSIRR_EL1";
  Word<D, 16> cpu{};
  Word<D, 24> interval{};
  Flag<D> random{};
  Word<D, 64> res0{};
  static constexpr unsigned answers = 3;
  static constexpr auto fields() {
    return members<&SpuReadInterval::cpu, &SpuReadInterval::interval, &SpuReadInterval::random,
                   &SpuReadInterval::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      check_read<D>(k, spu, SpuRegister::pmsirr,
                    interval == spu.interval && iff(random, spu.random), res0);
    });
  }
};

// MRS PMSICR_EL1 after a drain: the value to save and to go on from (D17.3.5).
template <class D>
struct SpuReadCounter {
  static constexpr const char* name = "spe_read_pmsicr";
  static constexpr const char* syntax =
      "spe_read_pmsicr: cpu=cpu count=count ecount=ecount res0=res0";
  static constexpr const char* source = "D24.7 PMSICR_EL1; D17.3.5";
  Word<D, 16> cpu{};
  Word<D, 32> count{};
  Word<D, 8> ecount{};
  Word<D, 64> res0{};
  static constexpr unsigned answers = 3;
  static constexpr auto fields() {
    return members<&SpuReadCounter::cpu, &SpuReadCounter::count, &SpuReadCounter::ecount,
                   &SpuReadCounter::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      // With ERnd the extra count runs by itself, and what a trace tells of COUNT is not all.
      const Flag<D> extended = pe.spe_ernd && spu.random;
      check_read<D>(k, spu, SpuRegister::pmsicr,
                    extended || reads_lag<D>(spu) || has_no_interval<D>(spu) ||
                        (count == spu.count && ecount == spu.ecount),
                    res0);
    });
  }
};

// MRS PMSFCR_EL1.
template <class D>
struct SpuReadFilter {
  static constexpr const char* name = "spe_read_pmsfcr";
  static constexpr const char* syntax =
      "spe_read_pmsfcr: cpu=cpu fe=events ft=types fl=latency fne=not_events fds=by_source "
      "type=type "
      "mask=mask res0=res0";
  static constexpr const char* source = "D24.7 PMSFCR_EL1";
  Word<D, 16> cpu{};
  Flag<D> events{}, types{}, latency{}, not_events{}, by_source{};
  Word<D, 5> type{}, mask{};
  Word<D, 64> res0{};
  static constexpr unsigned answers = 8;
  static constexpr auto fields() {
    return members<&SpuReadFilter::cpu, &SpuReadFilter::events, &SpuReadFilter::types,
                   &SpuReadFilter::latency, &SpuReadFilter::not_events, &SpuReadFilter::by_source,
                   &SpuReadFilter::type, &SpuReadFilter::mask, &SpuReadFilter::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      const Flag<D> enables = iff(events, spu.filter_events) && iff(types, spu.filter_types) &&
                              iff(latency, spu.filter_latency) &&
                              iff(not_events, spu.filter_not_events) &&
                              iff(by_source, spu.filter_source);
      check_read<D>(k, spu, SpuRegister::pmsfcr,
                    enables && type == spu.types && mask == spu.type_mask, res0);
    });
  }
};

// MRS of the registers that are one value each.
template <class D, class Register>
struct SpuReadValue {
  static constexpr const char* name = Register::read;
  static constexpr const char* syntax = Register::read_syntax;
  static constexpr const char* source = Register::source;
  Word<D, 16> cpu{};
  Word<D, 64> value{};
  static constexpr unsigned answers = 1;
  static constexpr auto fields() { return members<&SpuReadValue::cpu, &SpuReadValue::value>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      k.require(is_of_version<D>(pe, Register::since),
                {"register_exists", "D24.7: UNDEFINED before its version"});
      constexpr unsigned width = Register::width;
      Word<D, 64> rest(0);
      if constexpr (width < 64) rest = zero_extend<64>(field_bits<64 - width>(value, width));
      check_read<D>(k, spu, Register::reg,
                    field_bits<width>(value, 0) == plain(Register::place(spu)), rest);
    });
  }
};

// MRS PMSIDR_EL1: what the SPU can do.
template <class D>
struct SpuReadSamplingId {
  static constexpr const char* name = "spe_read_pmsidr";
  static constexpr const char* syntax =
      "spe_read_pmsidr: cpu=cpu filters=filters archinst=archinst lds=lds ernd=ernd fne=fne "
      "fds=fds interval=interval maxsize=maxsize countsize=countsize format=format pbt=pbt crr=crr "
      "eft=eft";
  static constexpr const char* source = "D24.7 PMSIDR_EL1";
  Word<D, 16> cpu{};
  Word<D, 3> filters{};  // FE, FT, FL
  Flag<D> archinst{}, lds{}, ernd{}, fne{}, fds{};
  Word<D, 4> interval{};
  Word<D, 8> maxsize{};
  Word<D, 4> countsize{}, format{};
  Flag<D> pbt{}, crr{}, eft{};
  static constexpr unsigned answers = 13;
  static constexpr auto fields() {
    return members<&SpuReadSamplingId::cpu, &SpuReadSamplingId::filters,
                   &SpuReadSamplingId::archinst, &SpuReadSamplingId::lds, &SpuReadSamplingId::ernd,
                   &SpuReadSamplingId::fne, &SpuReadSamplingId::fds, &SpuReadSamplingId::interval,
                   &SpuReadSamplingId::maxsize, &SpuReadSamplingId::countsize,
                   &SpuReadSamplingId::format, &SpuReadSamplingId::pbt, &SpuReadSamplingId::crr,
                   &SpuReadSamplingId::eft>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto&, const auto& pe) {
      constexpr u64 of_64_bytes = 6, of_2_kbytes = 11;
      k.require(maxsize >= of_64_bytes && maxsize <= of_2_kbytes,
                {"max_size_is_permitted", "D24.7 PMSIDR_EL1.MaxSize: 64 bytes to 2 KB"});
      k.require(pe.spe == 0 || power_of_two(maxsize) == pe.spe_record_max,
                {"max_size_is_the_pes", "D24.7 PMSIDR_EL1.MaxSize"});
      k.require(interval != 1 && interval <= 8,
                {"interval_is_defined", "D24.7 PMSIDR_EL1.Interval: 256 to 4096"});
      k.require(countsize == 2 || countsize == 3,
                {"count_size_is_defined", "D24.7 PMSIDR_EL1.CountSize: 12 or 16 bits"});
      k.require(format == 0, {"format_is_zero", "D24.7 PMSIDR_EL1.Format"});
      k.require(pe.spe < 3 || pe.spe == 0xff || fne,
                {"inverse_filter_from_v1p2", "D24.7 PMSIDR_EL1.FnE: FEAT_SPE_FnE"});
      k.require(pe.spe == 0 || iff(ernd, pe.spe_ernd),
                {"ernd_is_the_pes", "D24.7 PMSIDR_EL1.ERnd"});
      k.require(!fds || is_of_version<D>(pe, 5),
                {"source_filter_from_v1p4", "D24.7 PMSIDR_EL1.FDS: FEAT_SPE_FDS"});
      k.require(!crr || is_of_version<D>(pe, 6), {"crr_from_v1p5", "D24.7 PMSIDR_EL1.CRR"});
    });
  }
};

// MRS PMBIDR_EL1: whose the buffer is, and how it is aligned.
template <class D>
struct SpuReadBufferId {
  static constexpr const char* name = "spe_read_pmbidr";
  static constexpr const char* syntax =
      "spe_read_pmbidr: cpu=cpu align=align p=p f=f addrmode=mode ea=ea maxbuff=maximum";
  static constexpr const char* source = "D24.7 PMBIDR_EL1";
  Word<D, 16> cpu{};
  Word<D, 8> align{};
  Flag<D> p{}, f{};
  Word<D, 2> mode{};
  Word<D, 4> ea{};
  Word<D, 16> maximum{};
  static constexpr unsigned answers = 6;
  static constexpr auto fields() {
    return members<&SpuReadBufferId::cpu, &SpuReadBufferId::align, &SpuReadBufferId::p,
                   &SpuReadBufferId::f, &SpuReadBufferId::mode, &SpuReadBufferId::ea,
                   &SpuReadBufferId::maximum>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      k.require(align <= 11 && (pe.spe == 0 || align == pe.spe_align),
                {"align_is_the_pes", "D24.7 PMBIDR_EL1.Align: at most 2 KB"});
      k.require(spu.el != 1 || iff(p, owned_by_el2<D>(spu) || spu.excluded),
                {"p_at_el1", "D24.7 PMBIDR_EL1.P: the owner's level is higher"});
      k.require(spu.el != 2 || iff(p, plain(spu.excluded)),
                {"p_at_el2", "D24.7 PMBIDR_EL1.P: another Security state owns the buffer"});
      k.require(spu.el != 3 || !p, {"p_at_el3", "D24.7 PMBIDR_EL1.P reads as zero at EL3"});
      const Flag<D> from_v1p3 = pe.spe >= 4 && pe.spe != 0xff;
      k.require(!from_v1p3 || f, {"f_from_v1p3", "D24.7 PMBIDR_EL1.F"});
      k.require(ea <= 2 && (!from_v1p3 || ea != 0),
                {"abort_mode_is_described", "D24.7 PMBIDR_EL1.EA"});
      k.require(mode == 0 || (mode == 1 && is_of_version<D>(pe, 6)),
                {"address_mode_is_of_hardware", "D24.7 PMBIDR_EL1.AddrMode"});
      // A hypervisor that traps the read may show its guest a maximum (v6-14).
      k.require(spu.el == 1 || maximum == 0,
                {"no_maximum_of_hardware", "D24.7 PMBIDR_EL1.MaxBuffSize"});
    });
  }
};

// The PMU's counters of SPE events, read after a drain; from zero, modulo 2^32.
template <class D>
struct SpuReadCounts {
  static constexpr const char* name = "spe_pmu";
  static constexpr const char* syntax =
      "spe_pmu: cpu=cpu population=population feed=feed filtrate=filtrate collision=collision "
      "full=full";
  static constexpr const char* source =
      "D17.3, D17.5, D17.8: SAMPLE_POP, SAMPLE_FEED, SAMPLE_FILTRATE, SAMPLE_COLLISION, "
      "SAMPLE_BUFFER_FULL";
  Word<D, 16> cpu{};
  Word<D, 32> population{}, feed{}, filtrate{}, collision{}, full{};
  static constexpr unsigned answers = 5;
  static constexpr auto fields() {
    return members<&SpuReadCounts::cpu, &SpuReadCounts::population, &SpuReadCounts::feed,
                   &SpuReadCounts::filtrate, &SpuReadCounts::collision, &SpuReadCounts::full>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      const SpuCounts<D>& c = spu.counts;
      // Samples in flight may be counted or not.
      const Flag<D> any = c.disturbed || spu.unpredictable || spu.in_flight != 0;
      const auto between = [](const auto& least, const auto& x, const auto& most) {
        return x - least <= most - least;  // modulo 2^32
      };
      k.require(any || between(c.population_least, population, c.population_most),
                {"population_is_counted", "D17.3: SAMPLE_POP"});
      k.require(any || between(c.feed_least, feed, c.feed_most),
                {"feed_is_counted", "ASL SPECompleteSample: SAMPLE_FEED"});
      k.require(any || between(c.filtrate_least, filtrate, c.filtrate_most),
                {"filtrate_is_counted", "D17.5: SAMPLE_FILTRATE"});
      k.require(any || collision == c.collisions,
                {"collisions_are_counted", "D17.3.7: SAMPLE_COLLISION"});
      k.require(any || between(c.full_least, full, c.full_most),
                {"full_is_counted", "D17.8.2: SAMPLE_BUFFER_FULL"});
    });
  }
};

// The level of PMBIRQ, as the interrupt controller sees it.
template <class D>
struct SpuInterrupt {
  static constexpr const char* name = "spe_irq";
  static constexpr const char* syntax = "spe_irq: cpu=cpu level=level";
  static constexpr const char* source = "D17.8 RTSJRP, ISMLLS";
  Word<D, 16> cpu{};
  Flag<D> level{};
  static constexpr auto fields() { return members<&SpuInterrupt::cpu, &SpuInterrupt::level>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      // FEAT_SPE_EXC: with an effective PMSCR_EL1.EE the event is an exception instead.
      const Flag<D> exception = is_of_version<D>(pe, 6) && spu.ee2 != 0 && spu.ee1 != 0;
      k.require(spu.unpredictable || iff(level, spu.irq && !exception),
                {"level_is_service", "D17.8 RTSJRP: PMBIRQ is driven by PMBSR_EL1.S"});
    });
  }
};

}  // namespace assay

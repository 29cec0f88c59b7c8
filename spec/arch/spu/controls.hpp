// What software writes into the registers that say what is sampled, how often, and what becomes of
// a sample (D17.3, D17.5, D17.6, D24.7).
#pragma once
#include "spec/arch/spu/registers.hpp"

namespace assay {

// MSR PMSCR_EL1.
template <class D>
struct SpuWriteControl {
  static constexpr const char* name = "spe_write_pmscr_el1";
  static constexpr const char* syntax =
      "spe_write_pmscr_el1: cpu=cpu e0spe=e0spe e1spe=e1spe cx=cx pa=pa ts=ts pct=pct ee=ee ke=ke "
      "envm=envm res0=res0";
  static constexpr const char* source = "D24.7 PMSCR_EL1";
  Word<D, 16> cpu{};
  Flag<D> e0spe{}, e1spe{}, cx{}, pa{}, ts{};
  Word<D, 2> pct{}, ee{};
  Flag<D> ke{}, envm{};
  Word<D, 64> res0{};
  static constexpr auto fields() {
    return members<&SpuWriteControl::cpu, &SpuWriteControl::e0spe, &SpuWriteControl::e1spe,
                   &SpuWriteControl::cx, &SpuWriteControl::pa, &SpuWriteControl::ts,
                   &SpuWriteControl::pct, &SpuWriteControl::ee, &SpuWriteControl::ke,
                   &SpuWriteControl::envm, &SpuWriteControl::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(!is_at<D>(sw, Switch::restoring_guest) || !(e0spe || e1spe) ||
                    (sw.pointer_loaded && sw.limit_loaded && sw.status_loaded),
                {"control_after_buffer", "facts/spe 4.10, W09: PMSCR_EL1 last"});
      // The host of nVHE profiles with PMSCR_EL1; on VHE PMSCR_EL2 comes after the switch.
      k.require(!is_at<D>(sw, Switch::guest_saved) || !(e0spe || e1spe) ||
                    (spu.ptr == sw.host.ptr && spu.limit == sw.host.limit &&
                     iff(spu.service, sw.host.service)),
                {"host_control_last", "facts/spe 4.10, W09: restore host on nVHE"});
      change_controls<D>(k, spu);
      k.set(spu.e0spe, e0spe);
      k.set(spu.e1spe, e1spe);
      k.set(spu.cx1, cx);
      k.set(spu.pa1, pa);
      k.set(spu.ts1, ts);
      k.set(spu.pct1, pct);
      k.set(spu.ee1, ee);
      k.set(spu.ke1, ke);
      k.set(spu.envm1, envm);
      becomes_known<D>(k, spu, SpuRegister::pmscr_el1, res0 != 0);
    });
  }
};

// MSR PMSCR_EL2.
template <class D>
struct SpuWriteControl2 {
  static constexpr const char* name = "spe_write_pmscr_el2";
  static constexpr const char* syntax =
      "spe_write_pmscr_el2: cpu=cpu e0hspe=e0hspe e2spe=e2spe cx=cx pa=pa ts=ts pct=pct ee=ee "
      "ke=ke envm=envm res0=res0";
  static constexpr const char* source = "D24.7 PMSCR_EL2";
  Word<D, 16> cpu{};
  Flag<D> e0hspe{}, e2spe{}, cx{}, pa{}, ts{};
  Word<D, 2> pct{}, ee{};
  Flag<D> ke{}, envm{};
  Word<D, 64> res0{};
  static constexpr auto fields() {
    return members<&SpuWriteControl2::cpu, &SpuWriteControl2::e0hspe, &SpuWriteControl2::e2spe,
                   &SpuWriteControl2::cx, &SpuWriteControl2::pa, &SpuWriteControl2::ts,
                   &SpuWriteControl2::pct, &SpuWriteControl2::ee, &SpuWriteControl2::ke,
                   &SpuWriteControl2::envm, &SpuWriteControl2::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(!is_at<D>(sw, Switch::guest), {"control2_is_the_hypervisors", "D24.7 PMSCR_EL2"});
      k.require(!is_between<D>(sw) || !e2spe,
                {"no_el2_profiling_in_the_switch", "v4-31; facts/spe W08"});
      change_controls<D>(k, spu);
      k.set(spu.e0hspe, e0hspe);
      k.set(spu.e2spe, e2spe);
      k.set(spu.cx2, cx);
      k.set(spu.pa2, pa);
      k.set(spu.ts2, ts);
      k.set(spu.pct2, pct);
      k.set(spu.ee2, ee);
      k.set(spu.ke2, ke);
      k.set(spu.envm2, envm);
      becomes_known<D>(k, spu, SpuRegister::pmscr_el2, res0 != 0);
    });
  }
};

// MSR PMSIRR_EL1: the sampling interval.
template <class D>
struct SpuWriteInterval {
  static constexpr const char* name = "spe_write_pmsirr";
  static constexpr const char* syntax =
      "spe_write_pmsirr: cpu=cpu interval=interval rnd=random res0=res0";
  static constexpr const char* source = "D24.7 PMSIRR_EL1; D17.3";
  Word<D, 16> cpu{};
  Word<D, 24> interval{};
  Flag<D> random{};
  Word<D, 64> res0{};
  static constexpr auto fields() {
    return members<&SpuWriteInterval::cpu, &SpuWriteInterval::interval, &SpuWriteInterval::random,
                   &SpuWriteInterval::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.set(spu.interval, interval);
      k.set(spu.random, random);
      becomes_known<D>(k, spu, SpuRegister::pmsirr, res0 != 0);
    });
  }
};

// MSR PMSICR_EL1: a new session begins with zero; any other value was saved (D17.3.5).
template <class D>
struct SpuWriteCounter {
  static constexpr const char* name = "spe_write_pmsicr";
  static constexpr const char* syntax =
      "spe_write_pmsicr: cpu=cpu count=count ecount=ecount res0=res0";
  static constexpr const char* source = "D24.7 PMSICR_EL1; D17.3";
  Word<D, 16> cpu{};
  Word<D, 32> count{};
  Word<D, 8> ecount{};
  Word<D, 64> res0{};
  static constexpr auto fields() {
    return members<&SpuWriteCounter::cpu, &SpuWriteCounter::count, &SpuWriteCounter::ecount,
                   &SpuWriteCounter::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.set(spu.count, count);
      k.set(spu.ecount, ecount);
      becomes_known<D>(k, spu, SpuRegister::pmsicr, res0 != 0);
    });
  }
};

// MSR PMSFCR_EL1: which filters there are.
template <class D>
struct SpuWriteFilter {
  static constexpr const char* name = "spe_write_pmsfcr";
  static constexpr const char* syntax =
      "spe_write_pmsfcr: cpu=cpu fe=events ft=types fl=latency fne=not_events fds=by_source "
      "type=type "
      "mask=mask res0=res0";
  static constexpr const char* source = "D24.7 PMSFCR_EL1; D17.5";
  Word<D, 16> cpu{};
  Flag<D> events{}, types{}, latency{}, not_events{}, by_source{};
  Word<D, 5> type{}, mask{};  // bit 0 B, 1 LD, 2 ST, 3 FP, 4 SIMD
  Word<D, 64> res0{};
  static constexpr auto fields() {
    return members<&SpuWriteFilter::cpu, &SpuWriteFilter::events, &SpuWriteFilter::types,
                   &SpuWriteFilter::latency, &SpuWriteFilter::not_events,
                   &SpuWriteFilter::by_source, &SpuWriteFilter::type, &SpuWriteFilter::mask,
                   &SpuWriteFilter::res0>;
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      // Before its version a filter's bit is RES0: it filters nothing.
      const Flag<D> old_events = pe.spe == 1 || pe.spe == 2;
      const Flag<D> old_sources = old_events || pe.spe == 3 || pe.spe == 4;
      change_controls<D>(k, spu);
      k.set(spu.filter_events, events);
      k.set(spu.filter_types, types);
      k.set(spu.filter_latency, latency);
      k.set(spu.filter_not_events, not_events && !old_events);
      k.set(spu.filter_source, by_source && !old_sources);
      k.set(spu.types, type);
      k.set(spu.type_mask, mask);
      becomes_known<D>(k, spu, SpuRegister::pmsfcr,
                       res0 != 0 || (not_events && old_events) || (by_source && old_sources));
    });
  }
};

// The registers that are one value each. PMSVer says since when they are there: an access to one
// that is not is UNDEFINED, so no trace of a conforming PE holds it.
struct PmsevfrName {
  static constexpr SpuRegister reg = SpuRegister::pmsevfr;
  static constexpr unsigned width = 64;  // the rest is RES0
  static constexpr const char* write = "spe_write_pmsevfr";
  static constexpr const char* write_syntax = "spe_write_pmsevfr: cpu=cpu value=value";
  static constexpr const char* read = "spe_read_pmsevfr";
  static constexpr const char* read_syntax = "spe_read_pmsevfr: cpu=cpu value=value";
  static constexpr const char* source = "D24.7 PMSEVFR_EL1; D17.5";
  static constexpr unsigned since = 1;
  static auto& place(auto& spu) { return spu.events_set; }
};
struct PmsnevfrName {
  static constexpr SpuRegister reg = SpuRegister::pmsnevfr;
  static constexpr unsigned width = 64;  // the rest is RES0
  static constexpr const char* write = "spe_write_pmsnevfr";
  static constexpr const char* write_syntax = "spe_write_pmsnevfr: cpu=cpu value=value";
  static constexpr const char* read = "spe_read_pmsnevfr";
  static constexpr const char* read_syntax = "spe_read_pmsnevfr: cpu=cpu value=value";
  static constexpr const char* source = "D24.7 PMSNEVFR_EL1; D17.5";
  static constexpr unsigned since = 3;
  static auto& place(auto& spu) { return spu.events_clear; }
};
struct PmslatfrName {
  static constexpr SpuRegister reg = SpuRegister::pmslatfr;
  static constexpr unsigned width = 16;  // the rest is RES0
  static constexpr const char* write = "spe_write_pmslatfr";
  static constexpr const char* write_syntax = "spe_write_pmslatfr: cpu=cpu value=value";
  static constexpr const char* read = "spe_read_pmslatfr";
  static constexpr const char* read_syntax = "spe_read_pmslatfr: cpu=cpu value=value";
  static constexpr const char* source = "D24.7 PMSLATFR_EL1; D17.5";
  static constexpr unsigned since = 1;
  static auto& place(auto& spu) { return spu.latency_min; }
};
struct PmsdsfrName {
  static constexpr SpuRegister reg = SpuRegister::pmsdsfr;
  static constexpr unsigned width = 64;  // the rest is RES0
  static constexpr const char* write = "spe_write_pmsdsfr";
  static constexpr const char* write_syntax = "spe_write_pmsdsfr: cpu=cpu value=value";
  static constexpr const char* read = "spe_read_pmsdsfr";
  static constexpr const char* read_syntax = "spe_read_pmsdsfr: cpu=cpu value=value";
  static constexpr const char* source = "D24.7 PMSDSFR_EL1; D17.5";
  static constexpr unsigned since = 5;
  static auto& place(auto& spu) { return spu.sources; }
};
struct PmbmarName {
  static constexpr SpuRegister reg = SpuRegister::pmbmar;
  static constexpr unsigned width = 10;  // the rest is RES0
  static constexpr const char* write = "spe_write_pmbmar";
  static constexpr const char* write_syntax = "spe_write_pmbmar: cpu=cpu value=value";
  static constexpr const char* read = "spe_read_pmbmar";
  static constexpr const char* read_syntax = "spe_read_pmbmar: cpu=cpu value=value";
  static constexpr const char* source = "D24.7 PMBMAR_EL1; D17.7";
  static constexpr unsigned since = 6;
  static auto& place(auto& spu) { return spu.attributes; }
};

template <class D>
Flag<D> is_of_version(const Pe<D>& pe, unsigned since) {
  return pe.spe == 0 || pe.spe >= since;
}

template <class D, class Register>
struct SpuWriteValue {
  static constexpr const char* name = Register::write;
  static constexpr const char* syntax = Register::write_syntax;
  static constexpr const char* source = Register::source;
  Word<D, 16> cpu{};
  Word<D, 64> value{};
  static constexpr auto fields() { return members<&SpuWriteValue::cpu, &SpuWriteValue::value>; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      k.require(is_of_version<D>(pe, Register::since),
                {"register_exists", "D24.7: UNDEFINED before its version"});
      constexpr unsigned width = Register::width;
      change_controls<D>(k, spu);
      k.set(Register::place(spu), field_bits<width>(value, 0));
      Flag<D> ones = false;
      if constexpr (width < 64) ones = field_bits<64 - width>(value, width) != 0;
      becomes_known<D>(k, spu, Register::reg, ones);
    });
  }
};

}  // namespace assay

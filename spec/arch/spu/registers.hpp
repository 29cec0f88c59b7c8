// What software writes into the SPU's registers (D24.7, D17.7.4), and reads from them.
//
// One event per direct write, in the order in which the writes take effect.
#pragma once
#include "spec/arch/spu/enabled.hpp"

namespace assay {

// Writes of the buffer registers while the buffer runs: R24557 lets the PE ignore them, except the
// one that clears E. A hypervisor must be correct either way.
template <class D>
Flag<D> is_ignored(Step<D>& k, const Spu<D>& s) {
  const Flag<D> chosen = k.choose({"write_while_enabled_ignored", "known issue R24557; DEN0154"});
  return chosen && buffer_enabled<D>(s) && !s.service && s.fill != discard_mode;
}

// A new epoch of the buffer begins at PTR: nothing is known to be written from there on.
template <class D>
void begin_epoch(Step<D>& k, Spu<D>& s, const Num<D>& record_max) {
  k.set(s.start, s.ptr);
  k.set(s.records_end, s.ptr);
  k.set(s.bytes_end, s.ptr);
  k.set(s.event_flight, s.in_flight);
  // Samples of an unlawful epoch may still be on their way.
  k.set(s.unpredictable,
        (s.unpredictable && s.in_flight != 0) || (s.enable && !pointers_valid<D>(s, record_max)));
}

// Samples in flight were collected under the old controls, or see the new ones: the SPU's register
// reads are independent of the instruction stream (D17.9). Until they are gone both count.
template <class D>
void change_controls(Step<D>& k, Spu<D>& s) {
  k.set(s.mixed, s.mixed || s.in_flight != 0);
}

// A guest's writes of the buffer registers trap, so only the hypervisor makes these; while it loads
// a guest's registers, profiling is enabled last (facts/spe W01, W09).
template <class D>
void check_buffer_write(Step<D>& k, const Spu<D>& s, const SpeSwitch<D>& sw) {
  k.require(!is_at<D>(sw, Switch::guest), {"buffer_registers_trap", "v4-30; facts/spe W01"});
  k.require(!is_at<D>(sw, Switch::restoring_guest) || !(s.e0spe || s.e1spe),
            {"buffer_before_control", "facts/spe 4.10, W09: PMSCR_EL1 last"});
}

// MSR PMBPTR_EL1.
template <class D>
struct SpuWritePointer {
  static constexpr const char* name = "spe_write_pmbptr";
  static constexpr const char* syntax = "spe_write_pmbptr: cpu=cpu ptr=ptr";
  static constexpr const char* source = "D24.7 PMBPTR_EL1; D17.7";
  Word<D, 16> cpu{};
  Num<D> ptr{};
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuWritePointer::cpu), field("ptr", &SpuWritePointer::ptr)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      check_buffer_write<D>(k, spu, sw);
      k.set(sw.pointer_loaded, true);
      k.when(!is_ignored<D>(k, spu), [&] {
        k.set(spu.ptr, ptr);
        begin_epoch<D>(k, spu, plain(pe.spe_record_max));
      });
    });
  }
};

// MSR PMBLIMITR_EL1.
template <class D>
struct SpuWriteLimit {
  static constexpr const char* name = "spe_write_pmblimitr";
  static constexpr const char* syntax = "spe_write_pmblimitr: cpu=cpu limit=limit fm=fill e=enable";
  static constexpr const char* source = "D24.7 PMBLIMITR_EL1; D17.7";
  Word<D, 16> cpu{};
  Num<D> limit{};  // the address, low 12 bits zero
  Word<D, 2> fill{};
  Flag<D> enable{};
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuWriteLimit::cpu), field("limit", &SpuWriteLimit::limit),
                      field("fill", &SpuWriteLimit::fill), field("enable", &SpuWriteLimit::enable)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(is_multiple_of(limit, 4096), {"limit_is_page_aligned", "D24.7 PMBLIMITR_EL1.LIMIT"});
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      check_buffer_write<D>(k, spu, sw);
      k.set(sw.limit_loaded, true);
      const Flag<D> ignored = is_ignored<D>(k, spu) && enable;
      k.when(!ignored, [&] {
        k.set(spu.limit, limit);
        k.set(spu.fill, fill);
        k.set(spu.enable, enable);
        begin_epoch<D>(k, spu, plain(pe.spe_record_max));
      });
    });
  }
};

// MSR PMBSR_EL1: software clears an event, or raises one itself (D17.8 IGRLRX).
template <class D>
struct SpuWriteStatus {
  static constexpr const char* name = "spe_write_pmbsr";
  static constexpr const char* syntax =
      "spe_write_pmbsr: cpu=cpu s=service dl=data_loss ea=external_abort coll=collision ec=ec "
      "mss=mss";
  static constexpr const char* source = "D24.7 PMBSR_EL1; D17.8";
  Word<D, 16> cpu{};
  Flag<D> service{}, data_loss{}, external_abort{}, collision{};
  Word<D, 6> ec{};
  Word<D, 16> mss{};
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuWriteStatus::cpu),
                      field("service", &SpuWriteStatus::service),
                      field("data_loss", &SpuWriteStatus::data_loss),
                      field("external_abort", &SpuWriteStatus::external_abort),
                      field("collision", &SpuWriteStatus::collision),
                      field("ec", &SpuWriteStatus::ec),
                      field("mss", &SpuWriteStatus::mss)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      check_buffer_write<D>(k, spu, sw);
      k.set(sw.status_loaded, true);
      k.when(!is_ignored<D>(k, spu), [&] {
        // Restarting where no record ends, or where none fits, breaks D17.7.4.
        const Flag<D> fits = pointers_valid<D>(spu, plain(pe.spe_record_max));
        const Flag<D> writes = spu.enable && !service && spu.fill != discard_mode;
        const Flag<D> breaks = writes && (!fits || spu.ptr != spu.records_end);
        k.set(spu.unpredictable, spu.unpredictable || breaks);
        k.set(spu.service, service);
        k.set(spu.data_loss, data_loss);
        k.set(spu.external_abort, external_abort);
        k.set(spu.collision, collision);
        k.set(spu.ec, ec);
        k.set(spu.mss, mss);
        k.set(spu.event, Word<D, 3>(number_of(SpuEvent::none)));
        k.set(spu.lost, data_loss);
        k.set(spu.irq, service);
      });
    });
  }
};

// MSR PMSCR_EL1.
template <class D>
struct SpuWriteControl {
  static constexpr const char* name = "spe_write_pmscr_el1";
  static constexpr const char* syntax =
      "spe_write_pmscr_el1: cpu=cpu e0spe=e0spe e1spe=e1spe pa=pa ts=ts pct=pct";
  static constexpr const char* source = "D24.7 PMSCR_EL1";
  Word<D, 16> cpu{};
  Flag<D> e0spe{}, e1spe{}, pa{}, ts{};
  Word<D, 2> pct{};
  static constexpr auto fields() {
    return std::tuple{
        field("cpu", &SpuWriteControl::cpu),     field("e0spe", &SpuWriteControl::e0spe),
        field("e1spe", &SpuWriteControl::e1spe), field("pa", &SpuWriteControl::pa),
        field("ts", &SpuWriteControl::ts),       field("pct", &SpuWriteControl::pct)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(!is_at<D>(sw, Switch::restoring_guest) || !(e0spe || e1spe) ||
                    (sw.pointer_loaded && sw.limit_loaded && sw.status_loaded),
                {"control_after_buffer", "facts/spe 4.10, W09: PMSCR_EL1 last"});
      change_controls<D>(k, spu);
      k.set(spu.e0spe, e0spe);
      k.set(spu.e1spe, e1spe);
      k.set(spu.pa1, pa);
      k.set(spu.ts1, ts);
      k.set(spu.pct1, pct);
    });
  }
};

// MSR PMSCR_EL2.
template <class D>
struct SpuWriteControl2 {
  static constexpr const char* name = "spe_write_pmscr_el2";
  static constexpr const char* syntax =
      "spe_write_pmscr_el2: cpu=cpu e0hspe=e0hspe e2spe=e2spe pa=pa ts=ts pct=pct";
  static constexpr const char* source = "D24.7 PMSCR_EL2";
  Word<D, 16> cpu{};
  Flag<D> e0hspe{}, e2spe{}, pa{}, ts{};
  Word<D, 2> pct{};
  static constexpr auto fields() {
    return std::tuple{
        field("cpu", &SpuWriteControl2::cpu),     field("e0hspe", &SpuWriteControl2::e0hspe),
        field("e2spe", &SpuWriteControl2::e2spe), field("pa", &SpuWriteControl2::pa),
        field("ts", &SpuWriteControl2::ts),       field("pct", &SpuWriteControl2::pct)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(!is_at<D>(sw, Switch::guest), {"control2_is_the_hypervisors", "D24.7 PMSCR_EL2"});
      k.require(!is_between<D>(sw) || !e2spe,
                {"no_el2_profiling_in_the_switch", "v4-31; facts/spe W08"});
      change_controls<D>(k, spu);
      k.set(spu.e0hspe, e0hspe);
      k.set(spu.e2spe, e2spe);
      k.set(spu.pa2, pa);
      k.set(spu.ts2, ts);
      k.set(spu.pct2, pct);
    });
  }
};

// The PE changes what it executes, or who owns the buffer: exception entry and return, MSR
// MDCR_EL2 and HCR_EL2.TGE.
template <class D>
struct SpuContext {
  static constexpr const char* name = "spe_context";
  static constexpr const char* syntax =
      "spe_context: cpu=cpu el=el tge=tge e2pb=e2pb excluded=excluded";
  static constexpr const char* source = "D17.4; D24.3.17 MDCR_EL2.E2PB";
  Word<D, 16> cpu{};
  Word<D, 2> el{};
  Flag<D> tge{};
  Word<D, 2> e2pb{};
  Flag<D> excluded{};
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuContext::cpu), field("el", &SpuContext::el),
                      field("tge", &SpuContext::tge), field("e2pb", &SpuContext::e2pb),
                      field("excluded", &SpuContext::excluded)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    k.require(e2pb != 1, {"e2pb_is_not_reserved", "D24.3.17 MDCR_EL2.E2PB"});
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&, auto& sw) {
      k.require(!is_between<D>(sw) || el == 2, {"switch_runs_at_el2", "facts/spe 4.10"});
      k.require(
          (!is_at<D>(sw, Switch::guest) && !is_at<D>(sw, Switch::restoring_guest)) || e2pb == 2,
          {"guest_keeps_the_buffer", "v4-23; facts/spe W01"});
      k.when(spu.e2pb != e2pb, [&] { change_controls<D>(k, spu); });
      k.set(spu.el, el);
      k.set(spu.tge, tge);
      k.set(spu.e2pb, e2pb);
      k.set(spu.excluded, excluded);
    });
  }
};

// MSR PMSIRR_EL1 and PMSICR_EL1: the sampling interval, and the counter that a new session clears.
template <class D>
struct SpuWriteInterval {
  static constexpr const char* name = "spe_write_interval";
  static constexpr const char* syntax =
      "spe_write_interval: cpu=cpu interval=interval rnd=random count=count";
  static constexpr const char* source = "D24.7 PMSIRR_EL1, PMSICR_EL1; D17.3";
  Word<D, 16> cpu{};
  Word<D, 24> interval{};
  Flag<D> random{};
  Word<D, 32> count{};
  static constexpr auto fields() {
    return std::tuple{
        field("cpu", &SpuWriteInterval::cpu), field("interval", &SpuWriteInterval::interval),
        field("random", &SpuWriteInterval::random), field("count", &SpuWriteInterval::count)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.set(spu.interval, interval);
      k.set(spu.random, random);
      k.set(spu.count, count);
    });
  }
};

// MSR PMSFCR_EL1 and the registers of its filters.
template <class D>
struct SpuWriteFilter {
  static constexpr const char* name = "spe_write_filter";
  static constexpr const char* syntax =
      "spe_write_filter: cpu=cpu fe=events fne=not_events ft=types fl=latency type=type "
      "evfr=set nevfr=clear minlat=minimum";
  static constexpr const char* source = "D24.7 PMSFCR_EL1, PMSEVFR_EL1, PMSNEVFR_EL1, PMSLATFR_EL1";
  Word<D, 16> cpu{};
  Flag<D> events{}, not_events{}, types{}, latency{};
  Word<D, 3> type{};  // bit 0 B, 1 LD, 2 ST
  Word<D, 64> set{}, clear{};
  Word<D, 16> minimum{};
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuWriteFilter::cpu),
                      field("events", &SpuWriteFilter::events),
                      field("not_events", &SpuWriteFilter::not_events),
                      field("types", &SpuWriteFilter::types),
                      field("latency", &SpuWriteFilter::latency),
                      field("type", &SpuWriteFilter::type),
                      field("set", &SpuWriteFilter::set),
                      field("clear", &SpuWriteFilter::clear),
                      field("minimum", &SpuWriteFilter::minimum)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      change_controls<D>(k, spu);
      k.set(spu.filter_events, events);
      k.set(spu.filter_not_events, not_events);
      k.set(spu.filter_types, types);
      k.set(spu.filter_latency, latency);
      k.set(spu.types, type);
      k.set(spu.events_set, set);
      k.set(spu.events_clear, clear);
      k.set(spu.latency_min, minimum);
    });
  }
};

// MRS PMBPTR_EL1 and PMBSR_EL1 after PSB CSYNC, DSB and a context synchronisation event: the SPU's
// own writes are then visible (D17.9).
template <class D>
struct SpuRead {
  static constexpr const char* name = "spe_read";
  static constexpr const char* syntax =
      "spe_read: cpu=cpu ptr=ptr s=service dl=data_loss ea=external_abort coll=collision ec=ec "
      "mss=mss";
  static constexpr const char* source = "D17.9; D24.7 PMBPTR_EL1, PMBSR_EL1";
  Word<D, 16> cpu{};
  Num<D> ptr{};
  Flag<D> service{}, data_loss{}, external_abort{}, collision{};
  Word<D, 6> ec{};
  Word<D, 16> mss{};
  static constexpr unsigned answers = 7;
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuRead::cpu),
                      field("ptr", &SpuRead::ptr),
                      field("service", &SpuRead::service),
                      field("data_loss", &SpuRead::data_loss),
                      field("external_abort", &SpuRead::external_abort),
                      field("collision", &SpuRead::collision),
                      field("ec", &SpuRead::ec),
                      field("mss", &SpuRead::mss)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      const Flag<D> free = spu.unpredictable;
      k.require(free || ptr == spu.ptr, {"reads_pointer", "D24.7 PMBPTR_EL1; D17.9"});
      k.require(free || iff(service, spu.service), {"reads_service", "D24.7 PMBSR_EL1.S"});
      k.require(free || iff(data_loss, spu.data_loss), {"reads_data_loss", "D24.7 PMBSR_EL1.DL"});
      k.require(free || iff(external_abort, spu.external_abort),
                {"reads_external_abort", "D24.7 PMBSR_EL1.EA"});
      k.require(free || iff(collision, spu.collision), {"reads_collision", "D24.7 PMBSR_EL1.COLL"});
      k.require(free || (ec == spu.ec && mss == spu.mss),
                {"reads_syndrome", "D24.7 PMBSR_EL1.EC, MSS"});
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
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuInterrupt::cpu), field("level", &SpuInterrupt::level)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.require(spu.unpredictable || iff(level, spu.irq),
                {"level_is_service", "D17.8 RTSJRP: PMBIRQ is driven by PMBSR_EL1.S"});
    });
  }
};

}  // namespace assay

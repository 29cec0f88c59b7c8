// Writing to the profiling buffer: records, the bytes behind them, and the events that end it
// (D17.7 to D17.9).
#pragma once
#include "spec/arch/spu/sampling.hpp"
#include "spec/kvm/vgic/placement.hpp"

namespace assay {

// The timestamp of a record: none, or the counter it was read from.
enum class SpeTime : unsigned { none, virtual_count, physical_count, guest_physical };

// A complete record, with its alignment padding, is in the buffer.
template <class D>
struct SpuRecord {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_record";
  static constexpr const char* syntax =
      "spe_record: cpu=cpu address=address size=size events=events type=type latency=latency "
      "time=time pa=pa";
  static constexpr const char* source =
      "D17.5 to D17.8, D18.1; ASL SPEWriteToBuffer, SPEBufferIsFull";
  Word<D, 16> cpu{};
  Num<D> address{}, size{};
  Word<D, 64> events{};
  Word<D, 3> type{};
  Word<D, 16> latency{};
  Word<D, 2> time{};  // SpeTime
  Flag<D> pa{};       // has a data physical address packet
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuRecord::cpu),   field("address", &SpuRecord::address),
                      field("size", &SpuRecord::size), field("events", &SpuRecord::events),
                      field("type", &SpuRecord::type), field("latency", &SpuRecord::latency),
                      field("time", &SpuRecord::time), field("pa", &SpuRecord::pa)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      const Flag<D> free = spu.unpredictable;
      k.require(free || takes_records<D>(spu),
                {"buffer_takes_records", "D17.4: enabled, S clear, fill mode"});
      k.require(address + size < wrap_at<D>(), {"record_does_not_wrap", "addresses have 64 bits"});
      k.require(spu.in_flight != 0, {"one_in_flight", "a record of a sample that was selected"});
      k.require(free || address == spu.records_end,
                {"follows_the_last_record", "D17.7: records are written one after the other"});
      k.require(free || (size != 0 && size <= pe.spe_record_max),
                {"size_at_most_max", "D24.7 PMSIDR_EL1.MaxSize"});
      k.require(free || address + size <= spu.limit,
                {"below_limit", "D17.7: the SPU never writes at or above LIMIT"});
      k.require(free || spu.mixed || passes_filters<D>(spu, {events, type, latency}),
                {"passes_filters", "D17.5: rejected samples are not written"});
      check_packets(k, spu);
      k.set(spu.in_flight, spu.in_flight - 1);
      const Num<D> end = address + size;
      k.set(spu.ptr, end);
      k.set(spu.records_end, end);
      k.set(spu.bytes_end, ite(spu.bytes_end < end, end, Num<D>(plain(spu.bytes_end))));
      k.when(spu.limit < end + pe.spe_record_max, [&] {
        stop_profiling<D>(k, spu, SpuEvent::full, Word<D, 6>(ec_buffer), Word<D, 16>(bsc_full));
      });
    });
  }

 private:
  void check_packets(Step<D>& k, const Spu<D>& spu) const {
    const Flag<D> free = spu.unpredictable || spu.mixed;
    const Flag<D> el2 = owned_by_el2<D>(spu);
    k.require(free || time == 0 || (el2 && spu.ts2) || (!el2 && spu.ts1),
              {"timestamps_enabled", "D17.6: the owner's PMSCR_ELx.TS"});
    k.require(free || el2 || spu.pct2 != 0 || time <= static_cast<u64>(SpeTime::virtual_count),
              {"time_is_virtual", "D24.7 PMSCR_EL2.PCT: 0 forces the virtual count on EL1"});
    k.require(free || !pa || (el2 && spu.pa2) || (!el2 && spu.pa1 && spu.pa2),
              {"physical_addresses_enabled", "D17.6: PMSCR_EL1.PA and PMSCR_EL2.PA"});
  }
};

// One access of the SPU to memory. It may be wide, speculative and out of order, and it may be
// part of no record that is ever completed (D17.7).
template <class D>
struct SpuStore {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_store";
  static constexpr const char* syntax = "spe_store: cpu=cpu address=address size=size";
  static constexpr const char* source = "D17.7";
  Word<D, 16> cpu{};
  Num<D> address{}, size{};
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuStore::cpu), field("address", &SpuStore::address),
                      field("size", &SpuStore::size)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      const Flag<D> free = spu.unpredictable;
      k.require(free || takes_records<D>(spu),
                {"buffer_takes_records", "D17.4: enabled, S clear, fill mode"});
      k.require(free || spu.records_end <= address,
                {"not_before_the_records_end", "D17.7: complete records are not written again"});
      k.require(free || address + size <= spu.limit,
                {"below_limit", "D17.7: the SPU never writes at or above LIMIT"});
      k.require(address + size < wrap_at<D>(), {"store_does_not_wrap", "addresses have 64 bits"});
      k.require(free || size <= Num<D>(2048), {"granule", "D17.7: an access of at most 2 KB"});
      const Num<D> end = address + size;
      k.set(spu.bytes_end, ite(spu.bytes_end < end, end, Num<D>(plain(spu.bytes_end))));
    });
  }
};

// A write of the SPU faults: alignment, stage 1, stage 2 or granule protection (D17.8.3). PTR is
// the faulting address; DL tells whether it still is the end of the last complete record.
template <class D>
struct SpuFault {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_fault";
  static constexpr const char* syntax =
      "spe_fault: cpu=cpu address=address ec=ec fsc=fsc dl=data_loss";
  static constexpr const char* source = "D17.8, D17.8.3; facts/spe 2.7";
  Word<D, 16> cpu{};
  Num<D> address{};
  Word<D, 6> ec{};
  Word<D, 6> fsc{};
  Flag<D> data_loss{};  // PMBSR_EL1.DL afterwards
  static constexpr unsigned answers = 1;
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuFault::cpu), field("address", &SpuFault::address),
                      field("ec", &SpuFault::ec), field("fsc", &SpuFault::fsc),
                      field("data_loss", &SpuFault::data_loss)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe, auto& sw) {
      const Flag<D> free = spu.unpredictable;
      k.require(free || takes_records<D>(spu),
                {"buffer_takes_records", "D17.8: reported only while S is clear"});
      if (k.is(Behaviour::spe_series))
        k.require(!is_at<D>(sw, Switch::guest) || ec != ec_stage2 ||
                      (spu.enable && !is_mapped<D>(vm, sw)),
                  {"stage2_has_no_entry", "facts/spe L20, N01: a mapped buffer does not fault"});
      k.require(spu.in_flight != 0, {"one_in_flight", "the write of a sample that was selected"});
      k.require(ec == ec_stage1 || ec == ec_stage2 || ec == ec_granule_protection,
                {"is_a_fault", "D24.7 PMBSR_EL1.EC: 0x24, 0x25, 0x1E"});
      k.require(fsc != 0x11, {"is_not_asynchronous", "D17.8.3: MMU faults are synchronous"});
      k.require(free || (spu.records_end <= address && address < spu.limit),
                {"inside_the_buffer", "D17.7: PTR is below LIMIT"});
      k.require(free || address < spu.records_end + pe.spe_record_max,
                {"within_one_record", "D17.8: LRE lies at most MaxSize below PTR"});
      check_data_loss(k, spu);
      k.set(spu.ptr, address);
      k.set(spu.bytes_end, ite(spu.bytes_end < address, address, Num<D>(plain(spu.bytes_end))));
      k.set(spu.data_loss, data_loss);
      k.set(spu.lost, true);  // at least the sample whose write faulted
      k.set(spu.in_flight, spu.in_flight - 1);
      stop_profiling<D>(k, spu, SpuEvent::fault, ec, zero_extend<16>(fsc));
    });
  }

 private:
  void check_data_loss(Step<D>& k, const Spu<D>& spu) const {
    const Flag<D> free = spu.unpredictable;
    const Flag<D> boundary = address == spu.records_end;
    const Flag<D> kept = iff(data_loss, spu.data_loss);
    Flag<D> inside = boundary || data_loss;
    if (k.is(Behaviour::spe_dl_never_set_by_fault)) inside = boundary || kept;
    k.require(free || inside, {"partial_record_sets_dl", "D17.8, D17.8.3: PTR is not LRE"});
    if (k.is(Behaviour::spe_dl_kept_at_boundary))
      k.require(free || !boundary || kept, {"dl_kept_at_boundary", "D17.8.3"});
    // Otherwise RMYXZK: at a boundary an IMPLEMENTATION DEFINED 0 or 1 is written.
    k.require(free || data_loss || !spu.data_loss,
              {"dl_is_sticky", "D17.8: not cleared by the SPU"});
  }
};

// An external abort on a buffer write, reported through PMBSR_EL1: only before SPEv1p3 (D17.8.4).
template <class D>
struct SpuAbort {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_abort";
  static constexpr const char* syntax =
      "spe_abort: cpu=cpu address=address ec=ec asynchronous=asynchronous";
  static constexpr const char* source = "D17.8.4";
  Word<D, 16> cpu{};
  Num<D> address{};
  Word<D, 6> ec{};
  Flag<D> asynchronous{};
  static constexpr auto fields() {
    return std::tuple{field("cpu", &SpuAbort::cpu), field("address", &SpuAbort::address),
                      field("ec", &SpuAbort::ec), field("asynchronous", &SpuAbort::asynchronous)};
  }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto& pe) {
      const Flag<D> free = spu.unpredictable;
      k.require(pe.spe < 4 || pe.spe == 0xff,
                {"before_v1p3", "D17.8.4: not reported from SPEv1p3 on"});
      k.require(free || asynchronous || takes_records<D>(spu),
                {"synchronous_while_writing", "D17.8.4"});
      k.require(ec == ec_stage1 || ec == ec_stage2 || ec == ec_granule_protection,
                {"is_an_abort", "D24.7 PMBSR_EL1.EC"});
      k.require(free || asynchronous || (spu.records_end <= address && address < spu.limit),
                {"inside_the_buffer", "D17.7: PTR is below LIMIT"});
      k.set(spu.external_abort, true);
      const Flag<D> first = !spu.service;
      k.set(spu.data_loss, spu.data_loss || asynchronous || address != spu.records_end);
      k.set(spu.lost, true);
      k.when(first && !asynchronous, [&] { k.set(spu.ptr, address); });
      k.when(first, [&] {
        const Word<D, 16> code = ite(asynchronous, Word<D, 16>(0x11), Word<D, 16>(0x10));
        stop_profiling<D>(k, spu, SpuEvent::abort, ec, code);
      });
    });
  }
};

// The buffer may not be accessed by its owner any more (D17.8.5): DL is set, the syndrome is zero.
template <class D>
struct SpuNotAllowed {
  static constexpr bool by_hardware = true;
  static constexpr const char* name = "spe_not_allowed";
  static constexpr const char* syntax = "spe_not_allowed: cpu=cpu";
  static constexpr const char* source = "D17.8.5";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return std::tuple{field("cpu", &SpuNotAllowed::cpu)}; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.require(!spu.service, {"first_event", "D17.8: reported only while S is clear"});
      k.require(spu.in_flight != 0, {"one_in_flight", "the write of a sample that was selected"});
      k.require(spu.unpredictable || !buffer_enabled<D>(spu),
                {"access_was_withdrawn", "D17.9: the buffer reads as disabled at write time"});
      k.set(spu.data_loss, true);
      k.set(spu.lost, true);
      k.set(spu.in_flight, spu.in_flight - 1);
      stop_profiling<D>(k, spu, SpuEvent::not_allowed, Word<D, 6>(ec_buffer),
                        Word<D, 16>(bsc_not_allowed));
    });
  }
};

// A context synchronisation event, PSB CSYNC, DSB and another one have completed: every earlier
// sample is written or dropped (D17.9).
template <class D>
struct SpuDrained {
  static constexpr const char* name = "spe_drained";
  static constexpr const char* syntax = "spe_drained: cpu=cpu";
  static constexpr const char* source = "D17.9: ISB; PSB CSYNC; DSB; ISB";
  Word<D, 16> cpu{};
  static constexpr auto fields() { return std::tuple{field("cpu", &SpuDrained::cpu)}; }
  void apply(Step<D>& k, Vm<D>& vm) const {
    on_spu<D>(k, vm, cpu, [&](auto& spu, const auto&) {
      k.require(spu.in_flight == 0,
                {"none_in_flight", "D17.9: a DSB after PSB waits for all buffer writes"});
      // After a fault or an abort the pointer is where it stopped, also if software has since
      // written another syndrome with S set.
      const Flag<D> stopped = spu.service && spu.event == number_of(SpuEvent::none);
      k.require(spu.unpredictable || stopped || spu.event == number_of(SpuEvent::fault) ||
                    spu.event == number_of(SpuEvent::abort) || spu.ptr == spu.records_end,
                {"pointer_at_a_record", "D17.9; facts/spe A39"});
      k.set(spu.mixed, false);
    });
  }
};

}  // namespace assay
